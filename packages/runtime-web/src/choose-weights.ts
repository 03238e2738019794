// The weight files that a session reads: the checkpoint's own where the browser holds them and the provider takes them
// as they are, else files that the worker makes of them, tensor by tensor.

import {
  type ByteSource,
  type Checkpoint,
  type ConversionInfo,
  type EncoderWeights,
  ENCODER_DTYPES,
  type EncoderDtype,
  KEPT_FLOAT32,
  type LinearMap,
  type ProjectorFiles,
  type ProjectorWeights,
  resolveEncoderWeights,
} from "@internvit/model-core";

import { blobOf } from "./blob-source.ts";
import { RuntimeError } from "./errors.ts";
import type { SessionWorker } from "./session-worker.ts";
import {
  askToPersist,
  keepOrder,
  keptNotes,
  type KeepRequest,
  listedHash,
} from "./store/keep-request.ts";
import type { WeightProgress } from "./worker/keep-order.ts";
import type { SourceFile, WeightBlobs, WeightForm, WeightRecipe } from "./worker/protocol.ts";
import { planWeights } from "./worker/weight-plan.ts";

/** Number formats of the linear maps that run in browsers; see `EncoderDtype`. */
export type WebDtype = EncoderDtype;

/** What a graph is built from. */
export interface GraphWeights {
  readonly weights: EncoderWeights<LinearMap>;
  readonly projector: ProjectorWeights<LinearMap> | undefined;
}

/** Weights that are there. */
export interface MaterialWeights extends GraphWeights {
  /** The files that the graph points into. */
  readonly files: WeightBlobs;
  /** What a user should know of where they are kept. */
  readonly notes: readonly string[];
}

/** What a graph is built from, and how its files come to be. */
export interface ChosenWeights extends GraphWeights {
  /** Undefined for `f32`. */
  readonly conversion: ConversionInfo | undefined;
  /** `EncoderInfo.checkpointHash`, where it is known. */
  readonly checkpointHash: string | undefined;
  /** Makes the files. For `q8` the weights are others afterwards: their places depend on what was measured. */
  readonly materialize: (options: MaterializeOptions) => Promise<MaterialWeights>;
}

/** Options of `ChosenWeights.materialize`. */
export interface MaterializeOptions {
  readonly onProgress: ((progress: WeightProgress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Decides; reads no weight until `materialize`.
 *
 * @throws RuntimeError `unsupported` for a dtype that the provider does not have.
 */
export async function chooseWeights(
  checkpoint: Checkpoint,
  options: {
    readonly worker: SessionWorker;
    readonly dtype: WebDtype;
    readonly keep: KeepRequest;
    readonly projector: ProjectorWeights | undefined;
    /** Where the projector is when that is not the checkpoint. */
    readonly separate: ProjectorFiles | undefined;
  },
): Promise<ChosenWeights> {
  const { worker, dtype, keep, separate } = options;
  const onGpu = worker.provider.adapter !== undefined;
  checkDtype(dtype, worker);
  const encoder = resolveEncoderWeights(checkpoint);
  // Files of one name may be in both.
  const projector =
    options.projector === undefined || separate === undefined
      ? options.projector
      : (renameFiles(options.projector, (file) => `projector:${file}`) as ProjectorWeights);
  const sources = new Map<string, ByteSource>([
    ...checkpoint.files,
    ...[...(separate?.files ?? [])].map(([name, file]) => [`projector:${name}`, file] as const),
  ]);
  const used = new Map<string, ByteSource>();
  for (const name of namesOfFiles([encoder, projector])) {
    const source = sources.get(name);
    if (source !== undefined) used.set(name, source);
  }
  const blobs = [...used].map(([name, source]) => [name, blobOf(source)] as const);
  const checkpointHash = await listedHash(used);
  // onnxruntime-web 1.30 has no Cast from bfloat16 on either provider. A GPU's memory is written at aligned places;
  // WebAssembly copies from anywhere.
  const float32 = hasBfloat16([encoder, projector]);
  const inPlace = !onGpu && !float32 && blobs.every(([, blob]) => blob !== undefined);
  const kept = keep.wanted === "opfs" || keep.wanted === "cache";
  if (dtype === "f32" && inPlace && !kept) {
    const files = Object.fromEntries(blobs) as WeightBlobs;
    return {
      weights: encoder,
      projector,
      conversion: undefined,
      checkpointHash,
      materialize: async () => ({ weights: encoder, projector, files, notes: [] }),
    };
  }
  const recipe: WeightRecipe = {
    form: formOf(dtype, { onGpu, float32 }),
    encoder,
    projector,
  };
  const plan = planWeights(recipe);
  const files: Record<string, SourceFile> = Object.fromEntries(
    blobs.map(([name, blob]) => [name, blob ?? used.get(name)?.byteLength ?? 0]),
  );
  return {
    weights: plan.encoder,
    projector: plan.projector,
    conversion: dtype === "f32" ? undefined : { maps: plan.maps, float32: KEPT_FLOAT32, files: [] },
    checkpointHash,
    async materialize({ onProgress, signal }) {
      const { order, note } = await keepOrder(recipe, { sources: used, request: keep });
      const persisting = order === undefined ? undefined : askToPersist();
      const made = await worker.derive(recipe, {
        sources: used,
        files,
        keep: order,
        onProgress,
        signal,
      });
      // Not waited for: it may be a question that a user leaves open.
      const persisted = await Promise.race([persisting, undefined]);
      const { encoder, projector } =
        made.spread === undefined ? plan : planWeights(recipe, { spread: made.spread });
      const notes = order === undefined ? [] : keptNotes(made.report, persisted);
      return {
        weights: encoder,
        projector,
        files: made.files,
        notes: note === undefined ? notes : [note],
      };
    },
  };
}

function formOf(
  dtype: WebDtype,
  { onGpu, float32 }: { readonly onGpu: boolean; readonly float32: boolean },
): WeightForm {
  return dtype === "f32"
    ? { kind: "aligned", float32 }
    : { kind: "converted", dtype, target: onGpu ? "gpu" : "cpu" };
}

function checkDtype(dtype: WebDtype, { provider }: SessionWorker): void {
  if (!ENCODER_DTYPES.includes(dtype)) {
    throw new RuntimeError(
      "unsupported",
      `dtype: in browsers there are ${ENCODER_DTYPES.join(", ")}; found ${String(dtype)}`,
    );
  }
  if (dtype === "q8-dynamic" && provider.adapter !== undefined) {
    throw new RuntimeError(
      "unsupported",
      "dtype q8-dynamic is for wasm: ONNX Runtime has no WebGPU operators for inputs in 8 bits; f32, q8 and q4 are available",
    );
  }
  if (dtype !== "f16" || provider.adapter?.shaderF16 === true) return;
  throw new RuntimeError(
    "unsupported",
    provider.adapter === undefined
      ? "dtype f16 is for webgpu: WebAssembly computes in float32 anyway and gains nothing; f32, q8, q8-dynamic and q4 are available"
      : `dtype f16 needs the GPU feature shader-f16, which ${provider.adapter.name} does not have; f32, q8 and q4 are available`,
  );
}

/** The names of the files that tables of weights point into. */
function namesOfFiles(weights: object): ReadonlySet<string> {
  const names = new Set<string>();
  renameFiles(weights, (file) => {
    names.add(file);
    return file;
  });
  return names;
}

function hasBfloat16(weights: object): boolean {
  let found = false;
  JSON.stringify(weights, (key, value: unknown) => {
    if (key === "dtype" && value === "bfloat16") found = true;
    return value;
  });
  return found;
}

/** The same tables with other names of files. */
function renameFiles(value: unknown, rename: (file: string) => string): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => renameFiles(entry, rename));
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      key === "file" ? rename(entry as string) : renameFiles(entry, rename),
    ]),
  );
}

// The weight files that a session reads: the checkpoint's own where the browser holds them and the provider takes them
// as they are, else files that the worker makes of them, tensor by tensor.

import {
  type ByteSource,
  type Checkpoint,
  type ConversionInfo,
  type EncoderWeights,
  KEPT_FLOAT32,
  type LinearMap,
  type ProjectorFiles,
  type ProjectorWeights,
  resolveEncoderWeights,
} from "@internvit/model-core";

import { blobOf } from "./blob-source.ts";
import { RuntimeError } from "./errors.ts";
import type { SessionWorker } from "./session-worker.ts";
import type { SourceFile, WeightBlobs, WeightForm, WeightRecipe } from "./worker/protocol.ts";
import { planWeights } from "./worker/weight-plan.ts";

/** Number formats of the linear maps that run in browsers; see `EncoderDtype`. */
export type WebDtype = "f32" | "f16" | "q4";

/** What a graph is built from, and how its files come to be. */
export interface ChosenWeights {
  readonly weights: EncoderWeights<LinearMap>;
  readonly projector: ProjectorWeights<LinearMap> | undefined;
  /** Undefined for `f32`. */
  readonly conversion: ConversionInfo | undefined;
  /** The files that the graph points into. */
  readonly materialize: (signal: AbortSignal | undefined) => Promise<WeightBlobs>;
}

/**
 * Decides; reads no weight.
 *
 * @throws RuntimeError `unsupported` for a dtype that the provider does not have.
 */
export function chooseWeights(
  checkpoint: Checkpoint,
  options: {
    readonly worker: SessionWorker;
    readonly dtype: WebDtype;
    readonly projector: ProjectorWeights | undefined;
    /** Where the projector is when that is not the checkpoint. */
    readonly separate: ProjectorFiles | undefined;
  },
): ChosenWeights {
  const { worker, dtype, separate } = options;
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
  const names = [...namesOfFiles([encoder, projector])];
  const blobs = names.map((name) => {
    const source = sources.get(name);
    return [name, source === undefined ? undefined : blobOf(source)] as const;
  });
  // onnxruntime-web 1.30 has no Cast from bfloat16 on either provider. A GPU's memory is written at aligned places;
  // WebAssembly copies from anywhere.
  const float32 = hasBfloat16([encoder, projector]);
  const inPlace = !onGpu && !float32 && blobs.every(([, blob]) => blob !== undefined);
  if (dtype === "f32" && inPlace) {
    const files = Object.fromEntries(blobs) as WeightBlobs;
    return {
      weights: encoder,
      projector,
      conversion: undefined,
      materialize: async () => files,
    };
  }
  const recipe: WeightRecipe = {
    form: formOf(dtype, { onGpu, float32 }),
    encoder,
    projector,
  };
  const plan = planWeights(recipe);
  const files: Record<string, SourceFile> = Object.fromEntries(
    blobs.map(([name, blob]) => [name, blob ?? sources.get(name)?.byteLength ?? 0]),
  );
  return {
    weights: plan.encoder,
    projector: plan.projector,
    conversion: dtype === "f32" ? undefined : { maps: plan.maps, float32: KEPT_FLOAT32, files: [] },
    materialize: (signal) => worker.derive(recipe, { sources, files, signal }),
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

const DTYPES: readonly WebDtype[] = ["f32", "f16", "q4"];

function checkDtype(dtype: WebDtype, { provider }: SessionWorker): void {
  if (!DTYPES.includes(dtype)) {
    throw new RuntimeError(
      "unsupported",
      `dtype: in browsers there are ${DTYPES.join(", ")}; found ${String(dtype)}`,
    );
  }
  if (dtype !== "f16" || provider.adapter?.shaderF16 === true) return;
  throw new RuntimeError(
    "unsupported",
    provider.adapter === undefined
      ? "dtype f16 is for webgpu: WebAssembly computes in float32 anyway and gains nothing; f32 and q4 are available"
      : `dtype f16 needs the GPU feature shader-f16, which ${provider.adapter.name} does not have; f32 and q4 are available`,
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

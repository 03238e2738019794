// The weights that a graph is built from: the checkpoint's own for `f32`, else converted ones from the cache folder,
// which are made when they are not there.

import { createHash } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";

import {
  type ByteSource,
  type ConversionInfo,
  type ConversionTarget,
  type DerivedWeights,
  ENCODER_DTYPES,
  type EncoderDtype,
  type EncoderWeights,
  KEPT_FLOAT32,
  type LayerChannels,
  type LayerSpread,
  type LinearMap,
  maySpread,
  measureChannels,
  ModelError,
  needsChannels,
  planAlignedWeights,
  planEncoderWeights,
  planProjectorWeights,
  type ProjectorWeights,
  resolveEncoderWeights,
  spreadOf,
} from "@internvit/model-core";
import { weightReader } from "@internvit/model-core/session";

import { RuntimeError } from "../errors.ts";
import { fileSource } from "../file-source.ts";
import type { LocalCheckpoint } from "../open-checkpoint.ts";
import { cacheFolder } from "./cache-folder.ts";
import type { OnWeights, WeightsEvent } from "./events.ts";
import { hashWeightFile } from "./file-hash.ts";
import { namesOfFiles } from "./weight-file-names.ts";
import { findSidecar, TENSORS_FILE, writeSidecar } from "./sidecar-folder.ts";

/** Counted up whenever the same weights become other bytes. */
const CONVERSION = 1;

/** The options of `createVisionEncoder` that are about the form of the weights. */
export interface WeightsOptions {
  /**
   * How linear maps are stored and multiplied. Default `f32`, for which the checkpoint is used in place on a CPU; every
   * other one is converted once and kept in `cacheDirectory`, as are aligned copies for `cuda`, `tensorrt`, `webgpu`.
   */
  readonly dtype?: EncoderDtype;
  /**
   * Folder for converted weights. Default: `INTERNVIT_CACHE`, else `internvit` in the platform's cache folder
   * (`XDG_CACHE_HOME` or `~/.cache`; on Windows `LOCALAPPDATA`).
   */
  readonly cacheDirectory?: string;
  /** Hears of hashing and converting, and of converted weights that had to be made again. */
  readonly onWeights?: OnWeights;
}

/** What a graph is built from. */
export interface ChosenWeights {
  readonly weights: EncoderWeights<LinearMap>;
  readonly projector: ProjectorWeights<LinearMap> | undefined;
  /** Undefined for `f32`. */
  readonly conversion: ConversionInfo | undefined;
}

interface Conversion {
  readonly checkpoint: LocalCheckpoint;
  readonly dtype: EncoderDtype;
  readonly target: ConversionTarget;
  readonly cacheDirectory: string;
  readonly signal: AbortSignal | undefined;
  readonly onWeights: OnWeights | undefined;
}

/**
 * Finds or makes the weights.
 *
 * @throws RuntimeError `io` or `no-space` when they cannot be read or written; ModelError `unsupported` for a dtype
 * that the target does not have, `invalid-argument` for one that there is not; the signal's reason. An unfinished conversion leaves nothing.
 */
export async function chooseWeights(
  checkpoint: LocalCheckpoint,
  options: WeightsOptions & {
    readonly projector: ProjectorWeights | undefined;
    readonly target: ConversionTarget;
    /** Whether weights must begin at aligned places; converted ones always do. */
    readonly aligned: boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<ChosenWeights> {
  const { dtype = "f32", projector, target, aligned, signal, onWeights } = options;
  if (!ENCODER_DTYPES.includes(dtype)) {
    throw new ModelError(
      "invalid-argument",
      `dtype: expected ${ENCODER_DTYPES.join(", ")}, found ${String(dtype)}`,
    );
  }
  const weights = resolveEncoderWeights(checkpoint);
  if (dtype === "f32" && !aligned) return { weights, projector, conversion: undefined };
  const cacheDirectory = resolve(options.cacheDirectory ?? cacheFolder(process.env));
  const conversion = { checkpoint, dtype, target, cacheDirectory, signal, onWeights };
  const encoder = await convertEncoder(weights, conversion);
  const converted =
    projector === undefined ? undefined : await convertProjector(projector, conversion);
  const parts = converted === undefined ? [encoder] : [encoder, converted];
  return {
    weights: encoder.weights,
    projector: converted?.weights,
    conversion:
      dtype === "f32"
        ? undefined
        : {
            maps: parts.flatMap(({ maps }) => maps),
            float32: KEPT_FLOAT32,
            files: parts.map(({ file }) => file),
          },
  };
}

type Converted<Weights> = DerivedWeights<Weights> & { readonly file: string };

async function convertEncoder(
  weights: EncoderWeights,
  conversion: Conversion,
): Promise<Converted<EncoderWeights<LinearMap>>> {
  const { dtype, target, signal, onWeights } = conversion;
  if (dtype === "f32") return align(weights, conversion, "encoder");
  const layers = weights.layers.length;
  return convert(weights, conversion, {
    part: "encoder",
    measure: needsChannels({ dtype })
      ? (files) =>
          measureChannels(weights, {
            read: weightReader(files, {
              signal,
              onBytes: counter("measure", totalBytes(files), onWeights),
            }),
            spreads: (layer) => maySpread(layer, { dtype, target, layers }),
          })
      : undefined,
    plan: (file, spread, channels) =>
      planEncoderWeights(weights, { dtype, target, file, spread, channels }),
  });
}

async function convertProjector(
  weights: ProjectorWeights,
  conversion: Conversion,
): Promise<Converted<ProjectorWeights<LinearMap>>> {
  const { dtype, target } = conversion;
  if (dtype === "f32") return align(weights, conversion, "projector");
  return convert(weights, conversion, {
    part: "projector",
    measure: undefined,
    plan: (file) => planProjectorWeights(weights, { dtype, target, file }),
  });
}

async function align<Weights extends EncoderWeights | ProjectorWeights>(
  weights: Weights,
  conversion: Conversion,
  part: "encoder" | "projector",
): Promise<Converted<Weights>> {
  const plan = (file: string): DerivedWeights<Weights> => planAlignedWeights(weights, { file });
  return convert(weights, conversion, { part, measure: undefined, plan });
}

/** Uses the folder that is there, or makes it: the plan is the same in both cases. */
async function convert<Weights>(
  from: object,
  conversion: Conversion,
  steps: {
    readonly part: "encoder" | "projector";
    readonly measure:
      | ((files: ReadonlyMap<string, ByteSource>) => Promise<readonly LayerChannels[]>)
      | undefined;
    readonly plan: (
      file: string,
      spread: readonly LayerSpread[] | undefined,
      channels: readonly LayerChannels[] | undefined,
    ) => DerivedWeights<Weights>;
  },
): Promise<Converted<Weights>> {
  const { checkpoint, dtype, target, cacheDirectory, signal, onWeights } = conversion;
  const names = [...namesOfFiles(from)];
  const hashes: string[] = [];
  for (const name of names) {
    const path = resolve(checkpoint.path, name);
    hashes.push(await hashWeightFile(path, { cacheDirectory, signal, onWeights }));
  }
  const key = createHash("sha256")
    .update(JSON.stringify([CONVERSION, dtype, target, steps.part, hashes, from], plainNames))
    .digest("hex");
  const folder = join(cacheDirectory, "weights", `${steps.part}-${dtype}-${key.slice(0, 32)}`);
  const file = join(folder, TENSORS_FILE);
  const found = await findSidecar(folder);
  if (found.state === "ready") {
    const plan = steps.plan(file, found.description.spread, undefined);
    if (plan.byteLength === found.description.byteLength) return { ...plan, file };
  }
  if (found.state !== "missing") {
    const reason = found.state === "damaged" ? found.reason : "its description fits no plan";
    onWeights?.({ kind: "damaged", path: folder, reason });
  }
  const files = await openFiles(checkpoint, names);
  const channels = await steps.measure?.(files);
  const spread = channels === undefined ? undefined : spreadOf(channels);
  const plan = steps.plan(file, spread, channels);
  await writeSidecar(
    folder,
    {
      ...plan,
      read: weightReader(files, { signal }),
      description: { conversion: CONVERSION, dtype, target, checkpoint: hashes, spread },
    },
    {
      overwrite: found.state !== "missing",
      signal,
      onBytes: counter("convert", plan.byteLength, onWeights),
    },
  );
  return { ...plan, file };
}

/** The same checkpoint elsewhere has the same key. */
function plainNames(key: string, value: unknown): unknown {
  return key === "file" ? basename(value as string) : value;
}

async function openFiles(
  checkpoint: LocalCheckpoint,
  names: readonly string[],
): Promise<ReadonlyMap<string, ByteSource>> {
  const files = new Map<string, ByteSource>();
  for (const name of names) {
    const source = checkpoint.files.get(name) ?? (await fileSource(name));
    if (source === undefined) {
      throw new RuntimeError("io", `there is no weight file ${name} in ${dirname(name)}`);
    }
    files.set(name, source);
  }
  return files;
}

function totalBytes(files: ReadonlyMap<string, ByteSource>): number {
  return [...files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function counter(
  stage: Extract<WeightsEvent, { readonly kind: "progress" }>["stage"],
  total: number,
  onWeights: OnWeights | undefined,
): (count: number) => void {
  let done = 0;
  return (count) => {
    // The last small file, and parts that are read twice, do not count beyond the whole.
    done = Math.min(done + count, total);
    onWeights?.({ kind: "progress", stage, done, total });
  };
}

// `extractFeatures`: image files in, features out, as an async iterator.

import type { VisionEncoder } from "@internvit/model-core";

import { availableCpus } from "../cpu-limit.ts";
import { RuntimeError } from "../errors.ts";
import { encodeSlices, type ExtractedBatch, type Slice } from "./encode-slices.ts";
import type { PictureFile, PictureOptions, PlacedPicture } from "./pictures.ts";
import type { Preparation } from "./preparation.ts";
import { createStageClock, type StageLoads } from "./stage-clock.ts";

/** Options that every extraction has. */
export interface PipelineOptions extends PictureOptions {
  /** One encoder, or several that share the batches. They stay the caller's. */
  readonly encoder: VisionEncoder | readonly VisionEncoder[];
  /** How pictures become the encoder's input; see `planPreparation`. */
  readonly preparation: Preparation;
  /** Threads that read, decode and prepare pictures. Default: `defaultWorkers` of the encoder. */
  readonly workers?: number | undefined;
  /** What happens with a picture that cannot be used. Default `"fail"`: it ends everything. */
  readonly onBadPicture?: "skip" | "fail";
  /** Ends the extraction; the iterator throws its reason. */
  readonly signal?: AbortSignal;
}

/** Options of `extractFeatures`. */
export interface ExtractFeaturesOptions extends PipelineOptions {
  /** Pictures that are encoded together; the encoder must have been made for as many. Default 1. */
  readonly batchSize?: number;
}

/** Batches of features; to be iterated over once. */
export interface FeatureExtraction extends AsyncIterable<ExtractedBatch> {
  /** How busy each stage is, counted from the first step of the iteration. */
  loads(): StageLoads;
}

/**
 * Features of image files, in their order. Reading, decoding and preparing run in threads of their own while the
 * encoder works on earlier pictures. Memory is that of a few batches, however many pictures there are and however
 * slow the consumer is.
 *
 * @throws RuntimeError `invalid-argument`; while iterating PreprocessError for a bad picture, what the encoder throws,
 * and the signal's reason.
 */
export function extractFeatures(
  pictures: Iterable<string | PictureFile> | AsyncIterable<string | PictureFile>,
  options: ExtractFeaturesOptions,
): FeatureExtraction {
  const { batchSize = 1, onBadPicture = "fail", signal, ...rest } = options;
  const encoders = encodersOf(options);
  const workers = options.workers ?? defaultWorkers(encoders);
  checkCount("batchSize", batchSize);
  checkCount("workers", workers);
  let clock = createStageClock({});
  return {
    loads: () => clock.loads(),
    async *[Symbol.asyncIterator]() {
      clock = createStageClock(stageCapacity({ workers, encoders: encoders.length }));
      const settings = { ...rest, encoders, workers, batchSize, onBadPicture, clock, signal };
      yield* encodeSlices(sliceUp(pictures, batchSize), settings);
    },
  };
}

/**
 * Threads that keep these encoders fed. On a CPU one: the encoder takes a hundred times as long as a picture's
 * preparation, and needs the processors itself. For any other device all processors.
 */
export function defaultWorkers(encoders: readonly VisionEncoder[]): number {
  return encoders.every(({ info }) => info.executionProvider === "cpu") ? 1 : availableCpus();
}

/**
 * The encoders of the options.
 *
 * @throws RuntimeError `invalid-argument` when there is none, or one that takes pictures of another size.
 */
export function encodersOf({ encoder, preparation }: PipelineOptions): readonly VisionEncoder[] {
  const encoders = "encode" in encoder ? [encoder] : encoder;
  if (encoders.length === 0) {
    throw new RuntimeError("invalid-argument", "expected an encoder, found an empty list");
  }
  const { height, width } = preparation.size;
  for (const { info } of encoders) {
    if (info.inputSize.height !== height || info.inputSize.width !== width) {
      throw new RuntimeError(
        "invalid-argument",
        `the encoder takes pictures of ${info.inputSize.width}x${info.inputSize.height}, but they are prepared as ${width}x${height}`,
      );
    }
  }
  return encoders;
}

/** How many can work in each stage. */
export function stageCapacity(counts: {
  readonly workers: number;
  readonly encoders: number;
  /** Default 0. */
  readonly writers?: number;
}): Readonly<Record<"read" | "decode" | "preprocess" | "run" | "write", number>> {
  const { workers, encoders, writers = 0 } = counts;
  return { read: workers, decode: workers, preprocess: workers, run: encoders, write: writers };
}

/**
 * Refuses what is no count.
 *
 * @throws RuntimeError `invalid-argument`
 */
export function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new RuntimeError("invalid-argument", `${name} is a whole number ≥ 1, got ${value}`);
}

async function* sliceUp(
  pictures: Iterable<string | PictureFile> | AsyncIterable<string | PictureFile>,
  size: number,
): AsyncGenerator<Slice, void, undefined> {
  let slice: PlacedPicture[] = [];
  let position = 0;
  for await (const picture of pictures) {
    const file = typeof picture === "string" ? { path: picture, key: picture } : picture;
    slice.push({ path: file.path, key: file.key, position: position++ });
    if (slice.length < size) continue;
    yield { pictures: slice };
    slice = [];
  }
  if (slice.length > 0) yield { pictures: slice };
}

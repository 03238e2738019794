// The pipeline itself: slices of the input in, encoded batches out, in the order of the input. A slice is what would
// be one batch if all its pictures were good; bad ones leave it and nothing moves up from the next. So a batch holds
// the same pictures wherever a run begins, and gives the same bits: the size of a batch can change how sums are
// rounded.
//
// Back-pressure: a slice is begun only when few enough are between their beginning and the consumer. So the memory
// is that of those slices, whatever is slow: the disk, the decoder, the encoder or the consumer.

import type { EncoderFeatures, VisionEncoder } from "@internvit/model-core";
import { PreprocessError } from "@internvit/preprocess";

import { RuntimeError } from "../errors.ts";
import { abortable } from "./abortable.ts";
import { createEncoderQueue } from "./encoder-queue.ts";
import { mapAhead } from "./map-ahead.ts";
import { createPicturePool, type PicturePool } from "./picture-pool.ts";
import type { BadPicture, PictureOptions, PlacedPicture } from "./pictures.ts";
import type { Preparation } from "./preparation.ts";
import type { StageClock } from "./stage-clock.ts";

/** Consecutive pictures that are encoded together. */
export interface Slice {
  /** At least one. */
  readonly pictures: readonly PlacedPicture[];
}

/** A slice with its features. */
export interface ExtractedBatch {
  /** Position of the slice's first picture in the input. */
  readonly first: number;
  /** The pictures that the features are of, row by row. */
  readonly pictures: readonly PlacedPicture[];
  /** The pictures of the slice that have none. */
  readonly bad: readonly BadPicture[];
  /** One row a picture of `pictures`; no tensor at all where there is none. The tensors are the consumer's. */
  readonly features: EncoderFeatures;
}

/** Options of `encodeSlices`. */
export interface EncodeSlicesOptions extends PictureOptions {
  readonly encoders: readonly VisionEncoder[];
  readonly preparation: Preparation;
  readonly batchSize: number;
  /** Threads that decode and prepare. */
  readonly workers: number;
  readonly onBadPicture: "skip" | "fail";
  readonly clock: StageClock;
  readonly signal: AbortSignal | undefined;
}

/**
 * The batches of the slices, in their order.
 *
 * @throws PreprocessError for the first bad picture with `fail`; what the encoder throws; the signal's reason.
 */
export async function* encodeSlices(
  slices: Iterable<Slice> | AsyncIterable<Slice>,
  options: EncodeSlicesOptions,
): AsyncGenerator<ExtractedBatch, void, undefined> {
  const { encoders, preparation, batchSize, workers, clock, signal } = options;
  const { orientation, maxPixels, maxSide } = options;
  signal?.throwIfAborted();
  const queue = createEncoderQueue(encoders, { clock, signal });
  const limits = { orientation, maxPixels, maxSide };
  await using pool = await createPicturePool({ preparation, workers, clock, ...limits });
  // Beside those that are encoded: enough that no worker waits for a slice, and one that is whole.
  const ahead = queue.depth + Math.ceil((2 * workers) / batchSize) + 1;
  const { guard, stopListening } = abortable(signal);
  const encode = (slice: Slice): Promise<ExtractedBatch> =>
    guard(encodeSlice(slice, { ...options, pool, encode: queue.encode }));
  try {
    yield* mapAhead(slices, { ahead, map: encode });
  } finally {
    stopListening();
  }
}

async function encodeSlice(
  { pictures }: Slice,
  options: EncodeSlicesOptions & {
    readonly pool: PicturePool;
    readonly encode: ReturnType<typeof createEncoderQueue>["encode"];
  },
): Promise<ExtractedBatch> {
  const { pool, encode, preparation, onBadPicture } = options;
  const prepared = await Promise.all(pictures.map((picture) => pool.prepare(picture)));
  const bad = prepared.flatMap((outcome) => ("bad" in outcome ? [outcome.bad] : []));
  if (onBadPicture === "fail" && bad[0] !== undefined) throw errorOf(bad[0]);
  const good = prepared.flatMap((outcome) => ("bad" in outcome ? [] : [outcome]));
  const first = pictures[0]?.position ?? 0;
  if (good.length === 0) return { first, pictures: [], bad, features: {} };
  const { height, width } = preparation.size;
  const data = new Uint8Array(good.length * height * width * 3);
  for (const [row, { pixels }] of good.entries()) data.set(pixels, row * height * width * 3);
  const features = await encode({
    dtype: "uint8",
    shape: [good.length, height, width, 3],
    data,
  });
  return { first, pictures: good.map(({ picture }) => picture), bad, features };
}

function errorOf({ key, code, message }: BadPicture): Error {
  return code === "worker-lost"
    ? new RuntimeError(code, message)
    : new PreprocessError(code, message, { subject: key });
}

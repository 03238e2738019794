// Pictures through a session of an encoder graph, in runs of a few.

import type { InputSize } from "../encoder/build-encoder-graph.ts";
import type { GraphSession } from "../runtime.ts";
import type { Tensor } from "../tensor.ts";
import { type EncoderFeatures, toFeatures } from "../vision-encoder.ts";
import { joinBatches, splitBatches } from "./batches.ts";
import { pixelFeeds } from "./pixel-feeds.ts";
import { RuntimeError } from "./runtime-error.ts";

/** Options of `encodeInBatches`. */
export interface EncodeInBatchesOptions {
  /** Most pictures in one run. */
  readonly batchSize: number;
  readonly inputSize: InputSize;
  readonly signal?: AbortSignal;
}

/**
 * `VisionEncoder.encode` over a session whose graph has both inputs.
 *
 * @throws RuntimeError `invalid-argument` for pixels of another shape; what the session throws.
 */
export async function encodeInBatches(
  session: GraphSession,
  pixels: Tensor<"uint8"> | Tensor<"float32">,
  { batchSize, inputSize, signal }: EncodeInBatchesOptions,
): Promise<EncoderFeatures> {
  checkPixels(pixels, inputSize);
  const joined = joinBatches(pixels.shape[0] ?? 0);
  for (const batch of splitBatches(pixels, batchSize)) {
    const feeds = pixelFeeds(batch, inputSize);
    // The batch is a copy already, so it may be moved.
    joined.add(
      await session.run(feeds, { move: true, ...(signal === undefined ? {} : { signal }) }),
    );
  }
  return toFeatures(joined.outputs);
}

/** Refuses a batch size that is no count. */
export function checkBatchSize(batchSize: number): void {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new RuntimeError("invalid-argument", `batchSize is a whole number ≥ 1, got ${batchSize}`);
  }
}

function checkPixels(pixels: Tensor, { height, width }: InputSize): void {
  const [count = 0] = pixels.shape;
  const expected = pixels.dtype === "uint8" ? [count, height, width, 3] : [count, 3, height, width];
  const fits =
    (pixels.dtype === "uint8" || pixels.dtype === "float32") &&
    pixels.shape.length === 4 &&
    count > 0 &&
    expected.every((size, axis) => size === pixels.shape[axis]) &&
    pixels.data.length === count * 3 * height * width;
  if (!fits) {
    throw new RuntimeError(
      "invalid-argument",
      `encode takes uint8 [n, ${height}, ${width}, 3] or float32 [n, 3, ${height}, ${width}], n ≥ 1; got ${pixels.dtype} [${pixels.shape.join(", ")}] with ${pixels.data.length} elements`,
    );
  }
}

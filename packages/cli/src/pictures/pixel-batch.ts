// Batches on their way to the encoder.

import type { Tensor } from "@internvit/model-core";
import type { RgbImage } from "@internvit/preprocess";

/** Prepared pictures of one size. */
export interface PictureBatch {
  readonly images: readonly RgbImage[];
  /** The file of each. */
  readonly sources: readonly string[];
}

/** Pictures of one size that are encoded together. */
export interface PixelBatch {
  /** uint8 [k, height, width, 3], or float32 [k, 3, height, width]. */
  readonly pixels: Tensor<"uint8"> | Tensor<"float32">;
  /** What each picture is called in the results. */
  readonly sources: readonly string[];
}

// Windows as pictures.

import type { Tensor } from "@internvit/model-core";
import { type RgbImage, toPixelValues } from "@internvit/preprocess";

import { SEGMENTATION_NORMALIZATION } from "../augment/segmentation/apply-segmentation.ts";

/** uint8 `[n, height, width, 3]` → float32 `[n, 3, height, width]`, normalised as the recipes do it. */
export function normalisedWindows({ shape, data }: Tensor<"uint8">): Tensor<"float32"> {
  const [count = 0, height = 0, width = 0] = shape;
  const length = height * width * 3;
  const images = Array.from({ length: count }, (_, at): RgbImage => ({
    width,
    height,
    data: data.subarray(at * length, (at + 1) * length),
  }));
  return toPixelValues(images, SEGMENTATION_NORMALIZATION);
}

// The picture as segmentation probes are tested on it: resized twice, as the reference's pipeline does it.

import type { RgbImage } from "@internvit/preprocess";

import { resizeBilinear } from "./resize-bilinear.ts";
import { testSizes } from "./sizes.ts";

/** The picture with its shorter side at `shortSide`, then with both sides at multiples of `multiple`, still in bytes. */
export function resizeForTest(
  image: RgbImage,
  options: {
    /** Pixels of the shorter side. Default 504. */
    readonly shortSide?: number;
    /** Pixels of a patch. Default 14. */
    readonly multiple?: number;
  } = {},
): RgbImage {
  const { afterShortSide, afterMultiple } = testSizes(image, options);
  const resized = resizeBilinear(image, afterShortSide);
  const fits = afterMultiple.width === resized.width && afterMultiple.height === resized.height;
  return fits ? resized : resizeBilinear(resized, afterMultiple);
}

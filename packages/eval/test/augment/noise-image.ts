import type { RgbImage } from "@internvit/preprocess";
import type { Random } from "@internvit/test-kit";

/** A picture of random bytes. */
export function noiseImage(
  random: Random,
  size: { readonly width: number; readonly height: number },
): RgbImage {
  const { width, height } = size;
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, () => random.below(256)),
  };
}

/** Sizes at which kernels go wrong: one pixel, narrow, prime, far from square. */
export const AWKWARD_SIZES: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 2],
  [2, 1],
  [1, 500],
  [500, 1],
  [3, 900],
  [900, 3],
  [7, 13],
  [97, 61],
  [64, 64],
];

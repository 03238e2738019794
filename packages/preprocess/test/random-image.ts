import type { Random } from "@internvit/test-kit";

import type { RgbImage } from "../src/index.ts";

/** Noise, or noise of black and white only, which makes filters overshoot most. */
export function randomImage(
  random: Random,
  size: { readonly width: number; readonly height: number },
): RgbImage {
  const { width, height } = size;
  const extreme = random.next() < 0.3;
  const data = Uint8Array.from({ length: width * height * 3 }, () =>
    extreme ? random.below(2) * 255 : random.below(256),
  );
  return { width, height, data };
}

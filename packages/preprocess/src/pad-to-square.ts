// InternVL's `pad2square`: the picture in the middle of a square of its longer side, on the mean colour. Off by default
// in the reference, and ignored there while training.

import { assertRgbImage, type RgbImage } from "./image.ts";

/**
 * The picture in the middle of a square whose sides are its longer one; where the margin is odd, the smaller half is
 * left or above. The result is always a new picture.
 *
 * @throws PreprocessError `invalid-argument`
 */
export function padToSquare(
  image: RgbImage,
  options: {
    /** Red, green and blue of the margin from 0 to 1: the mean that the pixels are normalised with. */
    readonly mean: readonly [number, number, number];
  },
): RgbImage {
  assertRgbImage(image);
  const { width, height } = image;
  const side = Math.max(width, height);
  // Python's int() drops the fraction.
  const [red, green, blue] = options.mean.map((level) => Math.trunc(level * 255));
  const data = new Uint8Array(side * side * 3);
  for (let o = 0; o < data.length; o += 3) {
    data[o] = red!;
    data[o + 1] = green!;
    data[o + 2] = blue!;
  }
  const left = (side - width) >> 1;
  const top = (side - height) >> 1;
  for (let y = 0; y < height; y++) {
    const row = image.data.subarray(y * width * 3, (y + 1) * width * 3);
    data.set(row, ((top + y) * side + left) * 3);
  }
  return { width: side, height: side, data };
}

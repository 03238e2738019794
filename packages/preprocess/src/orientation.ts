// EXIF orientation as Pillow's `ImageOps.exif_transpose` applies it. The reference ignores orientation, so nothing
// here happens unless it is asked for.

import { PreprocessError } from "./errors.ts";
import { assertRgbImage, type RgbImage } from "./image.ts";

/** Where the picture's first row and column are on the sensor (EXIF tag 274): 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/**
 * The upright picture. Orientations 5 to 8 exchange width and height; 1 gives the picture itself, not a copy.
 *
 * @throws PreprocessError `invalid-argument`
 */
export function applyOrientation(image: RgbImage, orientation: Orientation): RgbImage {
  assertRgbImage(image);
  if (!(Number.isInteger(orientation) && orientation >= 1 && orientation <= 8)) {
    throw new PreprocessError(
      "invalid-argument",
      `an EXIF orientation is 1 to 8, got ${orientation}`,
    );
  }
  if (orientation === 1) return image;
  const { width, height, data: source } = image;
  // The source position of the first upright pixel, and what one upright step right or down adds to it.
  const right = width - 1;
  const bottom = (height - 1) * width;
  const steps: readonly [first: number, stepX: number, stepY: number] = (
    [
      [right, -1, width], // 2: mirrored left to right
      [bottom + right, -1, -width], // 3: turned by 180°
      [bottom, 1, -width], // 4: mirrored top to bottom
      [0, width, 1], // 5: mirrored along the main diagonal
      [bottom, -width, 1], // 6: turned by 270° anticlockwise
      [bottom + right, -width, -1], // 7: mirrored along the other diagonal
      [right, width, -1], // 8: turned by 90° anticlockwise
    ] as const
  )[orientation - 2]!;
  const [first, stepX, stepY] = steps;
  const turned = orientation >= 5;
  const upright = turned ? { width: height, height: width } : { width, height };
  const data = new Uint8Array(source.length);
  let o = 0;
  for (let y = 0; y < upright.height; y++) {
    let p = (first + y * stepY) * 3;
    for (let x = 0; x < upright.width; x++) {
      data[o] = source[p]!;
      data[o + 1] = source[p + 1]!;
      data[o + 2] = source[p + 2]!;
      o += 3;
      p += stepX * 3;
    }
  }
  return { ...upright, data };
}

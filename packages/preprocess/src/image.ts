// The picture that every function of this package takes and gives: 8-bit RGB without padding between rows.

import { PreprocessError } from "./errors.ts";

/** An 8-bit RGB picture. `data` is row-major, three bytes a pixel: `[height, width, 3]`. */
export interface RgbImage {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `height * width * 3` bytes. */
  readonly data: Uint8Array;
}

/**
 * Refuses a picture whose sizes are not positive integers or do not fit its bytes.
 *
 * @throws PreprocessError `invalid-argument`
 */
export function assertRgbImage(image: RgbImage): void {
  const { width, height, data } = image;
  assertSize("an image", { width, height });
  if (data.length !== width * height * 3) {
    throw new PreprocessError(
      "invalid-argument",
      `an RGB image of ${width}x${height} has ${width * height * 3} bytes, but data has ${data.length}`,
    );
  }
}

/**
 * Refuses sizes that are not positive integers.
 *
 * @throws PreprocessError `invalid-argument`
 */
export function assertSize(
  what: string,
  size: { readonly width: number; readonly height: number },
): void {
  const { width, height } = size;
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0)) {
    throw new PreprocessError(
      "invalid-argument",
      `${what} needs positive whole numbers as width and height, got ${width}x${height}`,
    );
  }
}

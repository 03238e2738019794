// The size of a picture, and the check that every public function of this folder makes of it.

import { ModelError } from "../errors.ts";

/** The size of a picture in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Refuses sizes that are not positive whole numbers. */
export function assertImageSize(what: string, size: ImageSize): void {
  const { width, height } = size;
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0)) {
    throw new ModelError(
      "invalid-argument",
      `${what} needs positive whole numbers as width and height, got ${width}x${height}`,
    );
  }
}

/** Refuses an option that is not a positive whole number. */
export function assertCount(name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value > 0)) {
    throw new ModelError(
      "invalid-argument",
      `${name} must be a positive whole number, got ${value}`,
    );
  }
}

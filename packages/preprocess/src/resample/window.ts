// A rectangle inside a picture, and the copy of it.

import type { RgbImage } from "../image.ts";

/** A rectangle in pixels; it lies inside the picture that it belongs to. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A copy of the window's pixels. */
export function copyWindow(image: RgbImage, window: Window): RgbImage {
  const { left, top, width, height } = window;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(start, start + width * 3), y * width * 3);
  }
  return { width, height, data };
}

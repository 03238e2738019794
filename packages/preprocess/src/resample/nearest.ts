// Pillow's nearest-neighbour resize, which is not a filter but its affine transform: the source position starts in
// the middle of the first output pixel and is advanced by adding the scale, rounding errors included. An output
// pixel whose position runs past the edge by such an error stays black, as in Pillow.

import type { RgbImage } from "../image.ts";
import type { Window } from "./window.ts";

/** Picks the nearest source pixel for every pixel of a window of the `width` x `height` result. */
export function resizeNearest(
  image: RgbImage,
  options: {
    readonly width: number;
    readonly height: number;
    readonly window: Window;
    readonly mirror: boolean;
  },
): RgbImage {
  const { width, height, window, mirror } = options;
  const columns = nearestPositions(image.width / width, window.left + window.width);
  const rows = nearestPositions(image.height / height, window.top + window.height);
  const data = new Uint8Array(window.width * window.height * 3);
  let o = 0;
  for (let y = 0; y < window.height; y++) {
    const row = rows[window.top + y]!;
    for (let x = 0; x < window.width; x++) {
      const column = columns[window.left + (mirror ? window.width - 1 - x : x)]!;
      if (row < image.height && column < image.width) {
        const p = (row * image.width + column) * 3;
        data[o] = image.data[p]!;
        data[o + 1] = image.data[p + 1]!;
        data[o + 2] = image.data[p + 2]!;
      }
      o += 3;
    }
  }
  return { width: window.width, height: window.height, data };
}

function nearestPositions(scale: number, end: number): Int32Array {
  const positions = new Int32Array(end);
  let position = scale * 0.5;
  for (let i = 0; i < end; i++) {
    positions[i] = Math.trunc(position);
    position += scale;
  }
  return positions;
}

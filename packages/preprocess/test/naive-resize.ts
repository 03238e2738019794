// Pillow's resize the slow way: one weight function, one pixel at a time, one pass after the other. Kept to check
// the fast passes; shares only the filters' formulas with them.

import type { RgbImage } from "../src/image.ts";
import { KERNELS, type ResizeFilter } from "../src/resample/filters.ts";

function naiveAxis(
  size: number,
  output: number,
  filter: Exclude<ResizeFilter, "nearest">,
): readonly ReadonlyMap<number, number>[] {
  const { support, weight } = KERNELS[filter];
  const scale = size / output;
  const width = Math.max(scale, 1);
  return Array.from({ length: output }, (_, i) => {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.floor(center - support * width + 0.5));
    const end = Math.min(size, Math.floor(center + support * width + 0.5));
    const raw = new Map<number, number>();
    for (let p = start; p < end; p++) raw.set(p, weight((p - center + 0.5) * (1 / width)));
    const sum = [...raw.values()].reduce((a, b) => a + b, 0);
    for (const [p, w] of raw) {
      const fixed = (w / sum) * 2 ** 22;
      raw.set(p, Math.sign(fixed) * Math.floor(Math.abs(fixed) + 0.5));
    }
    return raw;
  });
}

function naivePass(image: RgbImage, output: number, filter: Exclude<ResizeFilter, "nearest">) {
  // Along x only; the vertical pass transposes before and after.
  const axis = naiveAxis(image.width, output, filter);
  const data = new Uint8Array(output * image.height * 3);
  for (let i = 0; i < data.length; i++) {
    const [x, y, channel] = [Math.floor(i / 3) % output, Math.floor(i / 3 / output), i % 3];
    let sum = 2 ** 21;
    for (const [p, w] of axis[x]!) sum += image.data[(y * image.width + p) * 3 + channel]! * w;
    data[i] = Math.min(255, Math.max(0, Math.floor(sum / 2 ** 22)));
  }
  return { width: output, height: image.height, data };
}

function transpose(image: RgbImage): RgbImage {
  const { width, height } = image;
  const data = new Uint8Array(image.data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const p = (y * width + x) * 3;
      data.set(image.data.subarray(p, p + 3), (x * height + y) * 3);
    }
  }
  return { width: height, height: width, data };
}

/** The resize that every other implementation must equal. */
export function naiveResize(
  image: RgbImage,
  options: {
    readonly width: number;
    readonly height: number;
    readonly filter: Exclude<ResizeFilter, "nearest">;
  },
): RgbImage {
  const { width, height, filter } = options;
  const along = (i: RgbImage): RgbImage => (i.width === width ? i : naivePass(i, width, filter));
  const down = (i: RgbImage): RgbImage =>
    i.height === height ? i : transpose(naivePass(transpose(i), height, filter));
  const verticalFirst = image.height > 100 * image.width && height < image.height;
  return verticalFirst ? along(down(image)) : down(along(image));
}

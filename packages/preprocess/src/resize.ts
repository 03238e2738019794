// Pillow's `Image.resize` for 8-bit RGB, byte for byte (Pillow 12.3, src/libImaging/Resample.c and Geometry.c):
// a horizontal pass over the rows that the vertical pass will read, then the vertical pass, each rounding to 8
// bits; a pass whose size does not change is left out. Pictures more than 100 times as high as wide go through the
// vertical pass first when they shrink (Pillow 12.3, `Image.resize`). Accumulators are int32 fixed point with
// 22-bit weights.
// Deviation: only a window of the result can be asked for, which saves the work for what a crop drops.

import { PreprocessError } from "./errors.ts";
import { assertRgbImage, assertSize, type RgbImage } from "./image.ts";
import { KERNELS, type ResizeFilter } from "./resample/filters.ts";
import { resizeNearest } from "./resample/nearest.ts";
import type { Passes } from "./resample/passes.ts";
import { scalarPasses } from "./resample/scalar-passes.ts";
import { createSimdPasses } from "./resample/simd-passes.ts";
import { buildTaps } from "./resample/taps.ts";
import { copyWindow, type Window } from "./resample/window.ts";

/** What `resizeRgb` makes. */
export interface ResizeOptions {
  /** Pixels in a row of the result. */
  readonly width: number;
  /** Rows of the result. */
  readonly height: number;
  /** Default `"bicubic"`, Pillow's own default. */
  readonly filter?: ResizeFilter;
}

/**
 * The picture at another size, with the bytes that Pillow's `Image.resize((width, height), filter)` gives. The
 * aspect ratio is not kept. The result is always a new picture.
 *
 * @throws PreprocessError `invalid-argument`
 */
export function resizeRgb(image: RgbImage, options: ResizeOptions): RgbImage {
  const { width, height } = options;
  return resizeWindow(image, { ...options, window: { left: 0, top: 0, width, height } });
}

/** What `resizeWindow` makes: a window of what `resizeRgb` would make. */
export interface ResizeWindowOptions extends ResizeOptions {
  /** Which pixels of the `width` x `height` result are wanted. */
  readonly window: Window;
}

/**
 * `resizeRgb` followed by a crop, at the price of the cropped pixels only.
 *
 * @throws PreprocessError `invalid-argument`
 */
export function resizeWindow(image: RgbImage, options: ResizeWindowOptions): RgbImage {
  const { width, height, filter = "bicubic", window } = options;
  assertRgbImage(image);
  assertSize("a resize", { width, height });
  assertWindow(window, { width, height });
  if (width === image.width && height === image.height) return copyWindow(image, window);
  if (filter === "nearest") return resizeNearest(image, { width, height, window });
  return resample(image, { width, height, filter, window, passes: sharedPasses() });
}

// Pillow's own threshold, in its Python code.
const VERTICAL_FIRST_RATIO = 100;

/** As `resizeWindow`, with everything decided and checked by the caller. */
export function resample(
  image: RgbImage,
  options: {
    readonly width: number;
    readonly height: number;
    readonly filter: Exclude<ResizeFilter, "nearest">;
    readonly window: Window;
    readonly passes: Passes;
  },
): RgbImage {
  const { width, height, filter, window, passes } = options;
  if (
    image.height > image.width * VERTICAL_FIRST_RATIO &&
    height < image.height &&
    width !== image.width
  ) {
    const band = { left: 0, top: window.top, width: image.width, height: window.height };
    const lower = resample(image, { ...options, width: image.width, window: band });
    return resample(lower, { ...options, height: lower.height, window: { ...window, top: 0 } });
  }
  const kernel = KERNELS[filter];
  const rows =
    height === image.height
      ? undefined
      : buildTaps(kernel, {
          inputSize: image.height,
          outputSize: height,
          first: window.top,
          outputs: window.height,
        });
  let firstRow = window.top;
  let endRow = window.top + window.height;
  if (rows !== undefined) {
    firstRow = rows.starts[0]!;
    endRow = firstRow;
    for (let i = 0; i < rows.outputs; i++) {
      endRow = Math.max(endRow, rows.starts[i]! + rows.counts[i]!);
      rows.starts[i] = rows.starts[i]! - firstRow;
    }
  }
  const between = resampleRows(image, { width, kernel, window, firstRow, endRow, passes });
  if (rows === undefined) return between;
  const data = new Uint8Array(window.width * window.height * 3);
  const sourceStride = window.width * 3;
  passes.vertical({
    source: between.data,
    sourceStride,
    rows: between.height,
    target: data,
    taps: rows,
  });
  return { width: window.width, height: window.height, data };
}

function resampleRows(
  image: RgbImage,
  options: {
    readonly width: number;
    readonly kernel: (typeof KERNELS)[keyof typeof KERNELS];
    readonly window: Window;
    readonly firstRow: number;
    readonly endRow: number;
    readonly passes: Passes;
  },
): RgbImage {
  const { width, kernel, window, firstRow, endRow, passes } = options;
  const height = endRow - firstRow;
  if (width === image.width) {
    // Only read from here on: the vertical pass makes the result.
    if (window.width === width) {
      const data = image.data.subarray(firstRow * width * 3, endRow * width * 3);
      return { width, height, data };
    }
    return copyWindow(image, { left: window.left, top: firstRow, width: window.width, height });
  }
  const taps = buildTaps(kernel, {
    inputSize: image.width,
    outputSize: width,
    first: window.left,
    outputs: window.width,
  });
  const data = new Uint8Array(window.width * height * 3);
  const sourceStride = image.width * 3;
  const source = image.data.subarray(firstRow * sourceStride, endRow * sourceStride);
  passes.horizontal({ source, sourceStride, rows: height, target: data, taps });
  return { width: window.width, height, data };
}

// Compiled once, on the first resize; scratch memory of a fixed size that no result refers to.
let passes: Passes | undefined;

function sharedPasses(): Passes {
  passes ??= createSimdPasses() ?? scalarPasses;
  return passes;
}

function assertWindow(window: Window, size: { readonly width: number; readonly height: number }) {
  assertSize("a window", window);
  const { left, top, width, height } = window;
  const inside =
    Number.isSafeInteger(left) &&
    Number.isSafeInteger(top) &&
    left >= 0 &&
    top >= 0 &&
    left + width <= size.width &&
    top + height <= size.height;
  if (!inside) {
    throw new PreprocessError(
      "invalid-argument",
      `a window of ${width}x${height} at ${left},${top} leaves the ${size.width}x${size.height} result`,
    );
  }
}

// Pillow's `Image.resize` for 8-bit RGB, byte for byte (Pillow 12.3, src/libImaging/Resample.c and Geometry.c):
// a horizontal pass over the rows that the vertical pass will read, then the vertical pass, each rounding to 8
// bits; a pass whose size does not change is left out. Pictures more than 100 times as high as wide go through the
// vertical pass first when they shrink (Pillow 12.3, `Image.resize`). Accumulators are int32 fixed point with
// 22-bit weights.
// Deviation: only a window of the result can be asked for, which saves the work for what a crop drops.

import { PreprocessError } from "./errors.ts";
import { assertRgbImage, assertSize, type RgbImage } from "./image.ts";
import { sharedKernels } from "./kernels/load-kernels.ts";
import { KERNELS, type ResizeFilter } from "./resample/filters.ts";
import { resizeNearest } from "./resample/nearest.ts";
import type { Resample } from "./resample/resample-job.ts";
import { scalarResample } from "./resample/scalar-resample.ts";
import { createSimdResample } from "./resample/simd-resample.ts";
import { buildTaps, reverseTaps } from "./resample/taps.ts";
import { copyWindow, type Window } from "./resample/window.ts";

/** What `resizeRgb` makes. */
export interface ResizeOptions {
  /** Pixels in a row of the result. */
  readonly width: number;
  /** Rows of the result. */
  readonly height: number;
  /** Default `"bicubic"`, Pillow's own default. */
  readonly filter?: ResizeFilter;
  /** The part of the picture to resize, as if it were cut out first: the filter sees no more. Default: all of it. */
  readonly from?: Window;
  /** Whether the result is mirrored along x, which costs nothing: not Pillow's resize, but its transpose after it. */
  readonly mirror?: boolean;
  /** Where the bytes of the result go. Default: new memory. */
  readonly data?: Uint8Array;
}

/**
 * The picture at another size, with the bytes that Pillow's `Image.resize((width, height), filter)` gives. The
 * aspect ratio is not kept. The result is a new picture, in memory of its own where no `data` is given.
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
  const { width, height, filter = "bicubic", window, from, mirror = false, data } = options;
  assertRgbImage(image);
  assertSize("a resize", { width, height });
  assertWindow(window, { width, height });
  if (from !== undefined) assertWindow(from, image);
  if (data !== undefined) assertRgbImage({ width: window.width, height: window.height, data });
  const part = from === undefined ? image : viewOf(image, from);
  if (filter !== "nearest" && (mirror || width !== part.width || height !== part.height)) {
    const resample = sharedResample();
    return resampleWindow(part, { width, height, filter, window, mirror, data, resample });
  }
  const dense = from === undefined ? image : copyWindow(image, from);
  const result =
    filter === "nearest"
      ? resizeNearest(dense, { width, height, window, mirror })
      : copyWindow(dense, window);
  if (data === undefined) return result;
  data.set(result.data);
  return { ...result, data };
}

/** A picture whose rows may lie further apart than they are long. */
interface PictureView extends RgbImage {
  /** Bytes from one row to the next. Default: those of a row. */
  readonly stride?: number;
}

function viewOf(image: RgbImage, { left, top, width, height }: Window): PictureView {
  const stride = image.width * 3;
  return { width, height, data: image.data.subarray(top * stride + left * 3), stride };
}

// Pillow's own threshold, in its Python code.
const VERTICAL_FIRST_RATIO = 100;

/** As `resizeWindow`, with everything decided and checked by the caller. */
export function resampleWindow(
  image: PictureView,
  options: {
    readonly width: number;
    readonly height: number;
    readonly filter: Exclude<ResizeFilter, "nearest">;
    readonly window: Window;
    /** Default false. */
    readonly mirror?: boolean;
    /** Default: new memory. */
    readonly data?: Uint8Array | undefined;
    readonly resample: Resample;
  },
): RgbImage {
  const { width, height, filter, window, mirror = false, resample } = options;
  if (
    image.height > image.width * VERTICAL_FIRST_RATIO &&
    height < image.height &&
    width !== image.width
  ) {
    const band = { left: 0, top: window.top, width: image.width, height: window.height };
    const lower = resampleWindow(image, {
      ...options,
      width: image.width,
      window: band,
      mirror: false,
      data: undefined,
    });
    const below = { ...window, top: 0 };
    return resampleWindow(lower, { ...options, height: lower.height, window: below });
  }
  const kernel = KERNELS[filter];
  const columns =
    width === image.width && !mirror
      ? undefined
      : buildTaps(kernel, {
          inputSize: image.width,
          outputSize: width,
          first: window.left,
          outputs: window.width,
        });
  if (columns !== undefined && mirror) reverseTaps(columns);
  const lines =
    height === image.height
      ? undefined
      : buildTaps(kernel, {
          inputSize: image.height,
          outputSize: height,
          first: window.top,
          outputs: window.height,
        });
  // Only the rows that the window needs; taps then count from the first of them.
  let firstRow = window.top;
  let endRow = window.top + window.height;
  if (lines !== undefined) {
    firstRow = lines.starts[0]!;
    endRow = firstRow;
    for (let i = 0; i < lines.outputs; i++) {
      endRow = Math.max(endRow, lines.starts[i]! + lines.counts[i]!);
      lines.starts[i] = lines.starts[i]! - firstRow;
    }
  }
  const { stride: sourceStride = image.width * 3 } = image;
  const firstColumn = columns === undefined ? window.left : 0;
  const { data = new Uint8Array(window.width * window.height * 3) } = options;
  resample({
    source: image.data.subarray(firstRow * sourceStride + firstColumn * 3, endRow * sourceStride),
    sourceStride,
    rows: endRow - firstRow,
    rowBytes: window.width * 3,
    columns,
    lines,
    target: data,
  });
  return { width: window.width, height: window.height, data };
}

// Made once, on the first resize.
let shared: Resample | undefined;

function sharedResample(): Resample {
  const kernels = sharedKernels();
  shared ??= kernels === undefined ? scalarResample : createSimdResample(kernels);
  return shared;
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

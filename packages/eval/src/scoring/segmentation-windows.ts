// A picture that is larger than the encoder's input is segmented in windows that overlap; logits are averaged where
// they do. Reference: MMSegmentation 0.30, mmseg/models/segmentors/encoder_decoder.py, slide_inference.

import { EvalError } from "../errors.ts";

/** Begin and end, exclusive. */
export type WindowSpan = readonly [begin: number, end: number];

/** Options of `windowSpans`. */
export interface WindowOptions {
  /** Pixels of a window. */
  readonly crop: number;
  /** Pixels from one window to the next. */
  readonly stride: number;
}

/**
 * Windows along one side, first to last; the last one is moved back so that it ends with the picture. A side shorter
 * than the window has one of its own length.
 */
export function windowSpans(side: number, { crop, stride }: WindowOptions): readonly WindowSpan[] {
  const count = Math.ceil(Math.max(0, side - crop) / stride) + 1;
  return Array.from({ length: count }, (_, at) => {
    const end = Math.min(at * stride + crop, side);
    return [Math.max(0, end - crop), end];
  });
}

/** Options of `averageWindows`. */
export interface AverageWindowsOptions extends WindowOptions {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

/**
 * Averages the logits [windows, classes, rows, columns] of the windows of a picture, row by row, into
 * [classes, height, width].
 *
 * @throws EvalError `invalid-argument` for logits of another size
 */
export function averageWindows(
  logits: Float32Array,
  options: AverageWindowsOptions,
): Float32Array<ArrayBuffer> {
  const { height, width, classes } = options;
  const rows = windowSpans(height, options);
  const columns = windowSpans(width, options);
  const [rowCount, columnCount] = [timesCovered(rows, height), timesCovered(columns, width)];
  const size = spanLength(rows) * spanLength(columns);
  if (logits.length !== rows.length * columns.length * classes * size) {
    throw new EvalError(
      "invalid-argument",
      `logits of ${rows.length} × ${columns.length} windows: expected ${rows.length * columns.length} × ${classes} × ${size}, found ${logits.length}`,
    );
  }
  const sums = new Float32Array(classes * height * width);
  let at = 0;
  for (const [top, bottom] of rows) {
    for (const [left, right] of columns) {
      for (let channel = 0; channel < classes; channel += 1) {
        for (let y = top; y < bottom; y += 1) {
          const row = (channel * height + y) * width;
          for (let x = left; x < right; x += 1) sums[row + x]! += logits[at++]!;
        }
      }
    }
  }
  for (let channel = 0; channel < classes; channel += 1) {
    for (let y = 0; y < height; y += 1) {
      const row = (channel * height + y) * width;
      for (let x = 0; x < width; x += 1) sums[row + x]! /= rowCount[y]! * columnCount[x]!;
    }
  }
  return sums;
}

/** How many windows cover each pixel of a side. */
function timesCovered(spans: readonly WindowSpan[], side: number): Uint32Array {
  const times = new Uint32Array(side);
  for (const [begin, end] of spans) for (let at = begin; at < end; at += 1) times[at]! += 1;
  return times;
}

function spanLength(spans: readonly WindowSpan[]): number {
  const [begin, end] = spans[0]!;
  return end - begin;
}

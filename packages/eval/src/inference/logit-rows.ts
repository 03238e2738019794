// The logits of a picture's pixels, a row at a time: those of its windows upsampled to the windows' pixels, averaged
// where windows overlap, and resized to the size that is asked for. Reference: MMSegmentation 0.30,
// mmseg/models/segmentors/encoder_decoder.py: encode_decode, slide_inference.
//
// 150 classes on 504 by 1500 pixels are 450 MB. But each of the three steps is linear, and works on rows and columns
// apart: so is what they make together, and the canvas that lies between them need not be there. A row of the result
// is a mixture of a few rows of the windows at the head's own resolution, then a pixel one of a few cells of that row.
// Weights and sums of two taps are float64, rows float32.

import type { Size } from "../augment/segmentation/sizes.ts";
import { bilinear, compose, mix, type Mixture, toTaps } from "./bilinear-taps.ts";
import { timesCovered, type WindowSpan } from "./window-spans.ts";

/** Logits of a picture's windows, at the head's own resolution. */
export interface WindowMaps {
  readonly classes: number;
  /** Windows from top to bottom, in pixels of the canvas, which ends with the last one. */
  readonly rows: readonly WindowSpan[];
  /** Windows from left to right. */
  readonly columns: readonly WindowSpan[];
  /** Of one window, in cells. */
  readonly mapSize: Size;
  /**
   * `[windows down, rows, windows across, columns, classes]`: rows and columns of cells, those of all windows side by side.
   */
  readonly cells: Float32Array;
}

/** Rows of logits. */
export interface LogitRows {
  /** `[width, classes]` of row `y`; overwritten by the next call. */
  readonly read: (y: number) => Float32Array;
}

/** The averaged logits of the windows, resized to `size`. */
export function logitRows(windows: WindowMaps, { width, height }: Size): LogitRows {
  const { classes, rows, columns, mapSize, cells } = windows;
  const down = toTaps(mixturesOf(rows, { cells: mapSize.height, target: height }));
  const across = toTaps(mixturesOf(columns, { cells: mapSize.width, target: width }));
  const length = columns.length * mapSize.width * classes;
  const line = new Float32Array(length);
  const row = new Float32Array(width * classes);
  return {
    read(y) {
      mix(cells, { taps: down, from: y, to: y + 1, length, target: line });
      mix(line, { taps: across, from: 0, to: width, length: classes, target: row });
      return row;
    },
  };
}

/** What each of `target` pixels along an axis is made of, in cells of the windows. */
function mixturesOf(
  spans: readonly WindowSpan[],
  { cells, target }: { readonly cells: number; readonly target: number },
): readonly Mixture[] {
  const [begin, end] = spans[0]!;
  const canvas = spans.at(-1)![1];
  const times = timesCovered(spans, canvas);
  const inWindow = bilinear(cells, end - begin);
  const averaged = Array.from({ length: canvas }, () => new Map<number, number>());
  for (const [window, [first]] of spans.entries()) {
    for (const [at, mixture] of inWindow.entries()) {
      for (const [cell, weight] of mixture) {
        averaged[first + at]!.set(window * cells + cell, weight / times[first + at]!);
      }
    }
  }
  return compose(bilinear(canvas, target), averaged);
}

// The logits of a picture's pixels, a row at a time: those of its windows upsampled to the windows' pixels, averaged
// where windows overlap, and resized to the size that is asked for. Reference: MMSegmentation 0.30,
// mmseg/models/segmentors/encoder_decoder.py: encode_decode, slide_inference.
//
// 150 classes on 504 by 1500 pixels are 450 MB. Only the windows' logits at the head's own resolution are kept whole;
// what is made of them are two rows of the averaged canvas, already as wide as the result, as most rows of the result
// lie between the same two as the row before. Values are float32, sums within a row of taps float64.

import type { Size } from "../augment/segmentation/sizes.ts";
import { addResized, bilinearTaps, mixRows } from "./bilinear-taps.ts";
import { timesCovered, type WindowSpan } from "./window-spans.ts";

/** Logits of a picture's windows, at the head's own resolution. */
export interface WindowMaps {
  readonly classes: number;
  /** Windows from top to bottom, in pixels of the canvas, which ends with the last one. */
  readonly rows: readonly WindowSpan[];
  /** Windows from left to right. */
  readonly columns: readonly WindowSpan[];
  /** Of one window, pixel by pixel. */
  readonly mapSize: Size;
  /** `[height, width, classes]` of `mapSize` for each window, row by row of the windows. */
  readonly maps: readonly Float32Array[];
}

/** Rows of logits. */
export interface LogitRows {
  /** `[width, classes]` of row `y`; overwritten by the next call. Rows are cheapest from top to bottom. */
  readonly read: (y: number) => Float32Array;
}

/** The averaged logits of the windows, resized to `size`. */
export function logitRows(windows: WindowMaps, { width, height }: Size): LogitRows {
  const { classes } = windows;
  const canvas = canvasRows(windows);
  const across = bilinearTaps(canvas.width, width);
  const down = bilinearTaps(canvas.height, height);
  let upper = { y: -1, data: new Float32Array(width * classes) };
  let lower = { y: -1, data: new Float32Array(width * classes) };
  const mixed = new Float32Array(width * classes);
  const fill = (row: { y: number; readonly data: Float32Array }, y: number): void => {
    if (row.y === y) return;
    row.data.fill(0);
    addResized(canvas.read(y), { taps: across, channels: classes, target: row.data, offset: 0 });
    row.y = y;
  };
  return {
    read(y) {
      const [first, second, weight] = [down.first[y]!, down.second[y]!, down.weight[y]!];
      if (first !== upper.y && first === lower.y) [upper, lower] = [lower, upper];
      fill(upper, first);
      if (weight === 0) return upper.data;
      fill(lower, second);
      mixRows(mixed, { upper: upper.data, lower: lower.data, weight });
      return mixed;
    },
  };
}

/** The canvas's own rows `[width, classes]`: upsampled windows, averaged. */
function canvasRows(windows: WindowMaps): Size & { readonly read: (y: number) => Float32Array } {
  const { classes, rows, columns, mapSize } = windows;
  const [width, height] = [columns.at(-1)![1], rows.at(-1)![1]];
  const across = bilinearTaps(mapSize.width, columns[0]![1] - columns[0]![0]);
  const down = bilinearTaps(mapSize.height, rows[0]![1] - rows[0]![0]);
  const [timesDown, timesAcross] = [timesCovered(rows, height), timesCovered(columns, width)];
  const length = mapSize.width * classes;
  const line = new Float32Array(length);
  const row = new Float32Array(width * classes);
  const readLine = (map: Float32Array, y: number): void => {
    const [upper, lower] = [down.first[y]! * length, down.second[y]! * length];
    mixRows(line, {
      upper: map.subarray(upper, upper + length),
      lower: map.subarray(lower, lower + length),
      weight: down.weight[y]!,
    });
  };
  return {
    width,
    height,
    read(y) {
      row.fill(0);
      for (const [at, [top, bottom]] of rows.entries()) {
        if (y < top || y >= bottom) continue;
        for (const [column, [left]] of columns.entries()) {
          readLine(windows.maps[at * columns.length + column]!, y - top);
          addResized(line, {
            taps: across,
            channels: classes,
            target: row,
            offset: left * classes,
          });
        }
      }
      divide(row, { classes, times: timesDown[y]!, timesAcross });
      return row;
    },
  };
}

/** Sums of windows → means. */
function divide(
  row: Float32Array,
  options: {
    readonly classes: number;
    readonly times: number;
    readonly timesAcross: Uint32Array;
  },
): void {
  const { classes, times, timesAcross } = options;
  for (let x = 0; x < timesAcross.length; x++) {
    const count = times * timesAcross[x]!;
    if (count === 1) continue;
    const end = (x + 1) * classes;
    for (let at = x * classes; at < end; at++) row[at]! /= count;
  }
}

// OpenCV's 8-bit INTER_LINEAR resize, byte for byte: two taps per axis, without smoothing when it shrinks. Weights have
// 11 fractional bits; the horizontal pass is exact in int32, the vertical one drops 4, then 16 bits, and rounds the
// last 2. Checked against OpenCV 5.0 on random sizes and against goldens of 4.14.
// Math.imul, because a product of two numbers would be one of float64.
// Deviation: only a window of the result can be asked for; what a crop drops is not computed.

import type { RgbImage, Window } from "@internvit/preprocess";

import { EvalError } from "../../errors.ts";
import { roundHalfEven } from "../round-half-even.ts";

/**
 * A window of the picture at another size: a new picture of the window's size.
 *
 * @throws EvalError `invalid-argument` for a window that leaves the result
 */
export function resizeBilinear(
  image: RgbImage,
  options: {
    /** Pixels in a row of the whole result. */
    readonly width: number;
    /** Rows of the whole result. */
    readonly height: number;
    /** The part of it that is wanted. Default: all. */
    readonly window?: Window;
  },
): RgbImage {
  const { width, height } = options;
  const { window = { left: 0, top: 0, width, height } } = options;
  if (
    window.left < 0 ||
    window.top < 0 ||
    window.left + window.width > width ||
    window.top + window.height > height
  ) {
    throw new EvalError(
      "invalid-argument",
      `a window of ${window.width}x${window.height} at ${window.left},${window.top} leaves the ${width}x${height} result`,
    );
  }
  const columns = horizontalTaps(image.width, {
    target: width,
    first: window.left,
    count: window.width,
  });
  const lines = verticalTaps(image.height, {
    target: height,
    first: window.top,
    count: window.height,
  });
  const rowLength = window.width * 3;
  const data = new Uint8Array(window.height * rowLength);
  // The two source rows of a line, resized along x; most are needed by several lines.
  let [upper, lower] = [new Int32Array(rowLength), new Int32Array(rowLength)];
  let [upperRow, lowerRow] = [-1, -1];
  for (let y = 0; y < window.height; y++) {
    const first = lines.first[y]!;
    const second = lines.second[y]!;
    if (first !== upperRow && first === lowerRow) {
      [upper, lower, upperRow, lowerRow] = [lower, upper, lowerRow, upperRow];
    }
    if (first !== upperRow) resizeRow(image, { row: first, taps: columns, target: upper });
    upperRow = first;
    if (second !== lowerRow) resizeRow(image, { row: second, taps: columns, target: lower });
    lowerRow = second;
    const target = data.subarray(y * rowLength, (y + 1) * rowLength);
    mixRows(target, { upper, lower, own: lines.ownWeights[y]!, next: lines.nextWeights[y]! });
  }
  return { width: window.width, height: window.height, data };
}

/** What each output along an axis is made of: two source indices and their weights. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly ownWeights: Int32Array;
  readonly nextWeights: Int32Array;
}

interface Axis {
  /** Pixels of the whole result. */
  readonly target: number;
  /** The part of it that is wanted. */
  readonly first: number;
  readonly count: number;
}

const WEIGHT = 2048;

/** Along x a tap outside the picture gets no weight. */
function horizontalTaps(source: number, axis: Axis): Taps {
  return makeTaps(source, { ...axis, weighOutside: false });
}

/** Along y a tap outside the picture is the row at the border; fractions stay. */
function verticalTaps(source: number, axis: Axis): Taps {
  return makeTaps(source, { ...axis, weighOutside: true });
}

function makeTaps(source: number, axis: Axis & { readonly weighOutside: boolean }): Taps {
  const { count } = axis;
  const taps = {
    first: new Int32Array(count),
    second: new Int32Array(count),
    ownWeights: new Int32Array(count),
    nextWeights: new Int32Array(count),
  };
  const scale = 1 / (axis.target / source);
  for (let i = 0; i < count; i++) {
    const position = Math.fround((axis.first + i + 0.5) * scale - 0.5);
    const index = Math.floor(position);
    const outside = index < 0 || index >= source - 1;
    const fraction = outside && !axis.weighOutside ? 0 : position - index;
    taps.first[i] = Math.min(Math.max(index, 0), source - 1);
    taps.second[i] = Math.min(Math.max(index + 1, 0), source - 1);
    taps.ownWeights[i] = roundHalfEven(Math.fround(1 - fraction) * WEIGHT);
    taps.nextWeights[i] = roundHalfEven(fraction * WEIGHT);
  }
  return taps;
}

/** A source row resized along x, without its last four bits, which the vertical pass drops. */
function resizeRow(
  { data, width }: RgbImage,
  job: { readonly row: number; readonly taps: Taps; readonly target: Int32Array },
): void {
  const { row, target } = job;
  const { first, second, ownWeights, nextWeights } = job.taps;
  const start = row * width * 3;
  for (let x = 0, out = 0; x < first.length; x++, out += 3) {
    const left = start + first[x]! * 3;
    const right = start + second[x]! * 3;
    const own = ownWeights[x]!;
    const next = nextWeights[x]!;
    target[out] = (Math.imul(data[left]!, own) + Math.imul(data[right]!, next)) >> 4;
    target[out + 1] = (Math.imul(data[left + 1]!, own) + Math.imul(data[right + 1]!, next)) >> 4;
    target[out + 2] = (Math.imul(data[left + 2]!, own) + Math.imul(data[right + 2]!, next)) >> 4;
  }
}

function mixRows(
  target: Uint8Array,
  rows: {
    readonly upper: Int32Array;
    readonly lower: Int32Array;
    readonly own: number;
    readonly next: number;
  },
): void {
  const { upper, lower, own, next } = rows;
  for (let i = 0; i < target.length; i++) {
    const sum = (Math.imul(own, upper[i]!) >> 16) + (Math.imul(next, lower[i]!) >> 16);
    target[i] = (sum + 2) >> 2;
  }
}

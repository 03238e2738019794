// Pixel unshuffle over feature maps in channels-last order: r × r neighbouring cells become one cell with r² times
// the channels, in the order (offset along the first spatial axis, offset along the second, channel). That is not
// the order of torch.nn.PixelUnshuffle. Reference: `pixel_shuffle` of modeling_internvl_chat.py in
// OpenGVLab/InternVL and of transformers' modeling_internvl.py (recipes 1.4).
//
// `v1` gives the same vectors with the two spatial axes exchanged; every released InternVL from 2.0 on is `v2`.

import { describeValue } from "./describe-value.ts";
import { ModelError } from "./errors.ts";
import type { Tensor } from "./tensor.ts";

/** Whether the two spatial axes of the result are exchanged (`v1`) or not (`v2`). */
export type PixelShuffleVersion = "v1" | "v2";

/** Options of `pixelUnshuffle`. */
export interface PixelUnshuffleOptions {
  /** 1/r: how long a side of the result is, per cell of the input; 0.5 in every published model. */
  readonly downsampleRatio: number;
  readonly version: PixelShuffleVersion;
}

/** A map of feature vectors: cells along its two spatial axes. */
export interface FeatureGrid {
  readonly rows: number;
  readonly columns: number;
}

/**
 * How many cells of a side become one: r = 1 / ratio, or undefined when that is no whole number.
 */
export function unshuffleFactor(downsampleRatio: number): number | undefined {
  const factor = Math.round(1 / downsampleRatio);
  // Ratios are written as decimals: 1/3 comes as 0.3333333333333333.
  const exact = factor >= 1 && Math.abs(factor * downsampleRatio - 1) < 1e-9;
  return exact ? factor : undefined;
}

/**
 * The grid of the unshuffled map, in the order of `v2`.
 *
 * @throws ModelError `invalid-argument` for a ratio that is not 1/r with a whole r, and for sides that r does not
 * divide.
 */
export function unshuffledGrid(
  { rows, columns }: FeatureGrid,
  downsampleRatio: number,
): FeatureGrid & { readonly factor: number } {
  const factor = unshuffleFactor(downsampleRatio);
  if (factor === undefined) {
    throw new ModelError(
      "invalid-argument",
      `downsampleRatio: expected 1/r with a whole number r, got ${describeValue(downsampleRatio)}`,
    );
  }
  if (rows % factor !== 0 || columns % factor !== 0) {
    throw new ModelError(
      "invalid-argument",
      `a downsample ratio of ${downsampleRatio} needs sides that are a multiple of ${factor}, got ${rows}×${columns} (rows×columns)`,
    );
  }
  return { rows: rows / factor, columns: columns / factor, factor };
}

/**
 * Pixel unshuffle of [n, rows, columns, c] to [n, rows/r, columns/r, r²c]; with `v1` to [n, columns/r, rows/r, r²c].
 * The input stays as it is.
 *
 * @throws ModelError `invalid-argument` for another rank, a version that does not exist, and as `unshuffledGrid`.
 */
export function pixelUnshuffle(
  tensor: Tensor<"float32">,
  { downsampleRatio, version }: PixelUnshuffleOptions,
): Tensor<"float32"> {
  const [count = 0, rows = 0, columns = 0, channels = 0] = tensor.shape;
  if (
    tensor.shape.length !== 4 ||
    tensor.data.length !== count * rows * columns * channels ||
    (version !== "v1" && version !== "v2")
  ) {
    throw new ModelError(
      "invalid-argument",
      `pixelUnshuffle takes float32 [n, rows, columns, channels] and v1 or v2, got [${tensor.shape.join(", ")}] with ${tensor.data.length} elements and ${describeValue(version)}`,
    );
  }
  const grid = unshuffledGrid({ rows, columns }, downsampleRatio);
  const data = new Float32Array(tensor.data.length);
  moveCells(tensor.data, data, { count, channels, ...grid, exchanged: version === "v1" });
  const sides = version === "v1" ? [grid.columns, grid.rows] : [grid.rows, grid.columns];
  return { dtype: "float32", shape: [count, ...sides, channels * grid.factor ** 2], data };
}

/** Copies runs of `factor · channels` numbers; `rows` and `columns` are those of the result in the order of v2. */
function moveCells(
  input: Float32Array,
  output: Float32Array,
  layout: FeatureGrid & {
    readonly count: number;
    readonly channels: number;
    readonly factor: number;
    readonly exchanged: boolean;
  },
): void {
  const { count, channels, rows, columns, factor, exchanged } = layout;
  // `factor` neighbours along the second spatial axis are one run in the input, and stay one in the output.
  const run = factor * channels;
  const cell = factor * run;
  const rowStride = exchanged ? cell : columns * cell;
  const columnStride = exchanged ? rows * cell : cell;
  let from = 0;
  for (let image = 0; image < count; image++) {
    const base = image * rows * columns * cell;
    for (let row = 0; row < rows; row++) {
      for (let offset = 0; offset < factor; offset++) {
        let to = base + row * rowStride + offset * run;
        for (let column = 0; column < columns; column++) {
          for (let i = 0; i < run; i++) output[to + i] = input[from + i]!;
          from += run;
          to += columnStride;
        }
      }
    }
  }
}

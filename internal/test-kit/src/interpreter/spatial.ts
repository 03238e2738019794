// Operators on maps [n, c, h, w]: convolutions, pooling, resizing.

import { at, type Float64Tensor, tabulate } from "./array.ts";
import type { Attributes, Operator } from "./node.ts";

/** The element, or undefined outside. */
function inside(x: Float64Tensor, index: readonly number[]): number | undefined {
  return index.every((place, axis) => place >= 0 && place < x.shape[axis]!)
    ? at(x, index)
    : undefined;
}

interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
}

function windowsOf(attributes: Attributes, kernel: readonly number[]): Windows {
  return {
    kernel,
    strides: attributes.numbers("strides", [1, 1]),
    pads: attributes.numbers("pads", [0, 0, 0, 0]),
    dilations: attributes.numbers("dilations", [1, 1]),
  };
}

function windowCounts(
  sides: readonly number[],
  { kernel, strides, pads, dilations }: Windows,
): number[] {
  return sides.map((side, axis) => {
    const window = (kernel[axis]! - 1) * dilations[axis]! + 1;
    return Math.floor((side + pads[axis]! + pads[axis + 2]! - window) / strides[axis]! + 1);
  });
}

/** What a window sees of a plane, row by row; undefined in the padding. */
function windowOf(
  x: Float64Tensor,
  index: readonly number[],
  { kernel, strides, pads, dilations }: Windows,
): readonly (number | undefined)[] {
  const [sample, channel, row, column] = index as [number, number, number, number];
  return Array.from({ length: kernel[0]! * kernel[1]! }, (_, place) =>
    inside(x, [
      sample,
      channel,
      row * strides[0]! - pads[0]! + Math.floor(place / kernel[1]!) * dilations[0]!,
      column * strides[1]! - pads[1]! + (place % kernel[1]!) * dilations[1]!,
    ]),
  );
}

const pool =
  (combine: (seen: readonly number[]) => number): Operator =>
  ([x], attributes) => {
    const windows = windowsOf(attributes, attributes.numbers("kernel_shape", []));
    const [batch, channels, ...sides] = x!.shape as [number, number, ...number[]];
    const zeros = attributes.number("count_include_pad", 0) === 1;
    return [
      tabulate([batch, channels, ...windowCounts(sides, windows)], (index) => {
        const seen = windowOf(x!, index, windows);
        return combine(seen.flatMap((value) => value ?? (zeros ? [0] : [])));
      }),
    ];
  };

export const SPATIAL: Readonly<Record<string, Operator>> = {
  MaxPool: pool((seen) => Math.max(...seen)),
  AveragePool: pool((seen) => seen.reduce((sum, value) => sum + value, 0) / seen.length),
  Conv: ([x, weight, bias], attributes) => {
    const [batch, channels, ...sides] = x!.shape as [number, number, ...number[]];
    const [filters, , ...kernel] = weight!.shape as [number, number, ...number[]];
    const windows = windowsOf(attributes, kernel);
    return [
      tabulate([batch, filters, ...windowCounts(sides, windows)], (index) => {
        const [sample, filter, row, column] = index as [number, number, number, number];
        let sum = bias?.data[filter] ?? 0;
        for (let channel = 0; channel < channels; channel++) {
          const seen = windowOf(x!, [sample, channel, row, column], windows);
          for (const [place, value] of seen.entries()) {
            const [down, across] = [Math.floor(place / kernel[1]!), place % kernel[1]!];
            sum += (value ?? 0) * at(weight!, [filter, channel, down, across]);
          }
        }
        return sum;
      }),
    ];
  },
  ConvTranspose: ([x, weight, bias], attributes) => {
    const [batch, channels, ...sides] = x!.shape as [number, number, ...number[]];
    const [, filters, ...kernel] = weight!.shape as [number, number, ...number[]];
    const { strides, pads } = windowsOf(attributes, kernel);
    const out = sides.map(
      (side, axis) => (side - 1) * strides[axis]! + kernel[axis]! - pads[axis]! - pads[axis + 2]!,
    );
    return [
      tabulate([batch, filters, ...out], ([sample = 0, filter = 0, row = 0, column = 0]) => {
        let sum = bias?.data[filter] ?? 0;
        for (let down = 0; down < kernel[0]!; down++) {
          for (let across = 0; across < kernel[1]!; across++) {
            const source = [
              (row + pads[0]! - down) / strides[0]!,
              (column + pads[1]! - across) / strides[1]!,
            ];
            if (!source.every(Number.isInteger)) continue;
            for (let channel = 0; channel < channels; channel++) {
              const value = inside(x!, [sample, channel, ...source]) ?? 0;
              sum += value * at(weight!, [channel, filter, down, across]);
            }
          }
        }
        return sum;
      }),
    ];
  },
  /** Linear, to given sizes. */
  Resize: ([x, , , sizes], attributes) => {
    const aligned =
      attributes.text("coordinate_transformation_mode", "half_pixel") === "align_corners";
    const shape = Array.from(sizes!.data);
    const taps = (place: number, axis: number): readonly (readonly [number, number])[] => {
      const [from, to] = [x!.shape[axis]!, shape[axis]!];
      const corner = to > 1 ? (place * (from - 1)) / (to - 1) : 0;
      const area = Math.min(Math.max(((place + 0.5) * from) / to - 0.5, 0), from - 1);
      const low = Math.floor(aligned ? corner : area);
      const weight = (aligned ? corner : area) - low;
      return [
        [low, 1 - weight],
        [Math.min(low + 1, from - 1), weight],
      ];
    };
    return [
      tabulate(shape, ([sample = 0, channel = 0, row = 0, column = 0]) => {
        let sum = 0;
        for (const [down, first] of taps(row, 2)) {
          for (const [across, second] of taps(column, 3)) {
            sum += first * second * at(x!, [sample, channel, down, across]);
          }
        }
        return sum;
      }),
    ];
  },
};

// The gradient of a convolution's weight, by the shape of its maps in one of two forms. On several threads of a CPU the
// first takes far less time, on one thread about as much, and no memory for moved copies of the image (decision 44).

import type { Value } from "@internvit/model-core";
import { concat, reshape, transpose } from "@internvit/model-core/onnx";

import { conv as convolve, extraChannels } from "../ops/convolution.ts";
import { gemm } from "../ops/gemm.ts";
import { pad, strided } from "../ops/layout.ts";
import type { RuleCall } from "../rule.ts";
import { countOf, sizesOf } from "../sizes.ts";

/** A Conv of this image and the gradient `map` of its result: [n, c, h, w] and [n, m, h′, w′]. */
export interface ConvMaps {
  readonly image: Value;
  readonly map: Value;
  readonly windows: Windows;
}

/** How windows lie on an image. */
export interface Windows {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
}

/** The gradient of a Conv's weight [m, c, kh, kw]. */
export function weightOf(call: RuleCall, maps: ConvMaps): Value {
  return canSlide(maps) ? slidWeight(call, maps) : shiftedWeight(call, maps);
}

/**
 * Whether the weight's gradient is to be a convolution. A single place is a product as it is; samples are the channels
 * there, and none are to be added; and with windows that see nothing but padding there may be no image left.
 */
function canSlide({ map, windows: { kernel, pads } }: ConvMaps): boolean {
  const [batch = 0, , ...counts] = sizesOf(map);
  return (
    countOf(kernel) > 1 &&
    extraChannels(batch, counts) === 0 &&
    pads.every((amount, at) => amount < kernel[at % 2]!)
  );
}

/**
 * The map slides over the image and meets it in each kernel place: a convolution of a single image whose kernel is the
 * map, the samples its channels. With a pixel's channels side by side in the row, w · c long, the map's elements stand
 * c · step apart, and the results, [m, kh, kw · c], are rows of channels again.
 */
function slidWeight({ graph }: RuleCall, maps: ConvMaps): Value {
  const { image, map } = maps;
  const { kernel, strides, pads } = maps.windows;
  const { bottom, right, missing } = reachOf(maps);
  const [batch, channels, height, width] = sizesOf(image) as [number, number, number, number];
  const filters = sizesOf(map)[1]!;
  const [rows, columns] = [height - missing[0]!, width - missing[1]!];
  const seen = strided(graph, image, [
    { axis: 2, start: 0, end: rows, step: 1 },
    { axis: 3, start: 0, end: columns, step: 1 },
  ]);
  const pixels = transpose(graph, seen, [0, 2, 3, 1]);
  const places = convolve(graph, reshape(graph, pixels, [1, batch, rows, columns * channels]), {
    weight: transpose(graph, map, [1, 0, 2, 3]),
    pads: [pads[0], pads[1] * channels, bottom, right * channels],
    dilations: [strides[0], strides[1] * channels],
  });
  const byPlace = reshape(graph, places, [filters, countOf(kernel), channels]);
  return reshape(graph, transpose(graph, byPlace, [0, 2, 1]), [filters, channels, ...kernel]);
}

/** A product for each kernel place, of the map and the image moved by the place. */
function shiftedWeight({ graph }: RuleCall, { image, map, windows }: ConvMaps): Value {
  const { kernel, strides, pads } = windows;
  const [batch, channels] = sizesOf(image) as [number, number];
  const [, filters, rows, columns] = sizesOf(map) as [number, number, number, number];
  const [top, left, bottom, right] = pads;
  const padded = pad(graph, image, { before: [0, 0, top, left], after: [0, 0, bottom, right] });
  const channelsFirst = (value: Value): Value => transpose(graph, value, [1, 0, 2, 3]);
  const planes = channelsFirst(padded);
  const count = batch * rows * columns;
  const gradients = reshape(graph, channelsFirst(map), [filters, count]);
  const places: Value[] = [];
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = 0; column < kernel[1]; column++) {
      const [down, across] = strides;
      const shifted = strided(graph, planes, [
        { axis: 2, start: row, end: row + (rows - 1) * down + 1, step: down },
        { axis: 3, start: column, end: column + (columns - 1) * across + 1, step: across },
      ]);
      const flat = reshape(graph, shifted, [channels, count]);
      const place = gemm(graph, gradients, flat, { transposeRight: true });
      places.push(reshape(graph, place, [filters, channels, 1]));
    }
  }
  const all = places.length === 1 ? places[0]! : concat(graph, places, { axis: 2 });
  return reshape(graph, all, [filters, channels, ...kernel]);
}

/** What the windows see: padding at the bottom and right, and the rows and columns of the image that none reaches. */
export function reachOf({ image, map, windows }: ConvMaps): {
  readonly bottom: number;
  readonly right: number;
  readonly missing: readonly number[];
} {
  const { kernel, strides, pads } = windows;
  const counts = sizesOf(map).slice(2);
  const [bottom = 0, right = 0] = pads.slice(2);
  // What the image has beyond the last window, padding included.
  const beyond = sizesOf(image)
    .slice(2)
    .map(
      (side, axis) =>
        side +
        pads[axis]! +
        pads[axis + 2]! -
        ((counts[axis]! - 1) * strides[axis]! + kernel[axis]!),
    ) as [number, number];
  return {
    bottom: Math.max(bottom - beyond[0], 0),
    right: Math.max(right - beyond[1], 0),
    missing: [Math.max(beyond[0] - bottom, 0), Math.max(beyond[1] - right, 0)],
  };
}

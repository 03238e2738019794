// Interpolation mixes places, the products of a convolution mix channels, and neither minds the other. With x a small map,
// up(x) = U x Vᵀ for each plane its enlargement, and W_rq the weights of one place of the kernel,
//   conv(up(x)) = Σ_rq shift_rq(W_rq up(x)) = Σ_rq U_r (W_rq x) V_qᵀ,
// where U_r and V_q are U and V with their rows moved by the place, zeros beyond the border. The products with W are made
// for the pixels of the small map, a quarter of the work for twice the side. A convolution of several maps that were put
// together along their channels, as the last one of UperNet, is the sum of a convolution for each.

import type { GraphBuilder, GraphModel, Value } from "@internvit/model-core";
import { add, concat, matMul, reshape, transpose } from "@internvit/model-core/onnx";

import { type Matrix, matrixValue, transposeMatrix } from "../floats.ts";
import { conv } from "../ops/convolution.ts";
import { split } from "../ops/layout.ts";
import { countOf, sizeOf, sizesOf } from "../sizes.ts";
import { graphReader } from "./graph-reader.ts";
import { type JoinedConvolution, joinedConvolution, type Part } from "./resized-parts.ts";
import { replaceNode, type RewriteOptions } from "./rewrite.ts";

/** Multiplications that must be saved for each that is made: less is lost again in moving the results. */
const MIN_GAIN = 2;

/**
 * Convolves maps before they are enlarged instead of afterwards, where that takes half of the multiplications or less:
 * convolutions with steps of 1 of maps that `resizeBilinear` has made larger, alone or put together with others along
 * their channels. Left as they are: maps that something else reads or gradients are asked for, and planes so large that
 * `resizeBilinear` uses ONNX's Resize. A graph without such a place is returned itself.
 */
export function convolveBeforeResizing(
  model: GraphModel,
  { withRespectTo = [] }: RewriteOptions = {},
): GraphModel {
  let result = model;
  for (;;) {
    const found = firstConvolution(result, withRespectTo);
    if (found === undefined) return result;
    const { node } = found;
    result = replaceNode(result, node, (graph) =>
      graph.scope(`${node.name}/parted`, () => parted(graph, found)),
    );
  }
}

function firstConvolution(
  { graph }: GraphModel,
  withRespectTo: readonly string[],
): JoinedConvolution | undefined {
  const reader = graphReader(graph, withRespectTo);
  for (const node of graph.nodes) {
    const joined = joinedConvolution(reader, node);
    if (joined?.parts.some((part) => pays(part, joined))) return joined;
  }
  return undefined;
}

/** Whether a part takes fewer multiplications when it is convolved before it is resized. */
function pays({ value, resized }: Part, { weight, pads }: JoinedConvolution): boolean {
  if (resized === undefined) return false;
  const [, , ...kernel] = sizesOf(weight) as [number, number, number, number];
  const [, channels = 0, ...sides] = sizesOf(value);
  const [, , h = 0, w = 0] = sizesOf(resized.source);
  const [height = 0, width = 0] = sides.map(
    (side, axis) => side + pads[axis]! + pads[axis + 2]! - kernel[axis]! + 1,
  );
  // Of one output channel.
  const after = channels * countOf(kernel) * height * width;
  const places = countOf(kernel) * h * w;
  const before = places * channels + places * width + kernel[0]! * h * width * height;
  return before * MIN_GAIN <= after;
}

/** The sum of the convolutions of all parts, those of plain maps as one. */
function parted(graph: GraphBuilder, joined: JoinedConvolution): Value {
  const { parts, weight, bias, pads } = joined;
  const weights = split(graph, weight, {
    axis: 1,
    sizes: parts.map(({ value }) => sizeOf(value, 1)),
  });
  const together = parts.map((part, at) => ({ part, weight: weights[at]! }));
  const small = together.filter(({ part }) => pays(part, joined));
  const plain = together.filter((each) => !small.includes(each));
  const join = (values: readonly Value[]): Value =>
    values.length === 1 ? values[0]! : concat(graph, values, { axis: 1 });
  const sums = small.map((each) => enlarged(graph, each, pads));
  if (plain.length > 0) {
    const image = join(plain.map(({ part }) => part.value));
    sums.unshift(
      conv(graph, image, { weight: join(plain.map((each) => each.weight)), bias, pads }),
    );
  } else if (bias !== undefined) {
    sums.push(reshape(graph, bias, [1, sizeOf(weight, 0), 1, 1]));
  }
  return sums.reduce((sum, value) => add(graph, sum, value));
}

/** Σ_rq U_r (W_rq x) V_qᵀ. */
function enlarged(
  graph: GraphBuilder,
  { part, weight }: { readonly part: Part; readonly weight: Value },
  [top, left, bottom, right]: JoinedConvolution["pads"],
): Value {
  const { source, vertical, horizontal } = part.resized!;
  const [outputs, channels, rows, columns] = sizesOf(weight) as [number, number, number, number];
  const [samples, , height, width] = sizesOf(source) as [number, number, number, number];
  const places = outputs * rows * columns;
  const byPlace = reshape(graph, transpose(graph, weight, [0, 2, 3, 1]), [places, channels, 1, 1]);
  const mixed = conv(graph, source, { weight: byPlace });
  // [n, outputs, rows, columns, h, w] → [n, outputs, rows · h, columns · w].
  const cells = reshape(graph, mixed, [samples * outputs * rows, columns, height, width]);
  const rowwise = reshape(graph, transpose(graph, cells, [0, 2, 1, 3]), [
    samples,
    outputs,
    rows * height,
    columns * width,
  ]);
  const across = movedRows(horizontal, { places: columns, before: left, after: right });
  const down = movedRows(vertical, { places: rows, before: top, after: bottom });
  const wide = matMul(graph, rowwise, matrixValue(graph, source, transposeMatrix(across)));
  return matMul(graph, matrixValue(graph, source, down), wide);
}

/** A matrix [to, from] moved to each place of a kernel, side by side: [to + before + after − places + 1, places · from]. */
function movedRows(
  { rows, columns, data }: Matrix,
  kernel: { readonly places: number; readonly before: number; readonly after: number },
): Matrix {
  const { places, before, after } = kernel;
  const to = rows + before + after - places + 1;
  const moved = new Float32Array(to * places * columns);
  for (let row = 0; row < to; row++) {
    for (let place = 0; place < places; place++) {
      const from = row + place - before;
      if (from < 0 || from >= rows) continue;
      const own = data.subarray(from * columns, (from + 1) * columns);
      moved.set(own, (row * places + place) * columns);
    }
  }
  return { rows: to, columns: places * columns, data: moved };
}

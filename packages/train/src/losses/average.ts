// How a loss per label becomes one number. Sums are taken in stages: one float32 sum over a million elements loses four
// digits.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { concat, div, gather, reshape } from "@internvit/model-core/onnx";

import { scalar } from "../floats.ts";
import { greater, where } from "../ops/elementwise.ts";
import { int64s } from "../ops/layout.ts";
import { reduceSum } from "../ops/reduction.ts";
import { countOf, sizeOf, sizesOf } from "../sizes.ts";
import { sumTo } from "../sum-to.ts";
import { joined, together } from "../vectors-together.ts";

/** Longest rows and columns that one float32 sum takes here. */
const MAX_STAGE = 4096;

/** The sum of all elements, [1]: of rows, then of their sums. */
export function total(graph: GraphBuilder, value: Value): Value {
  const [rows = 0, ...rest] = sizesOf(value);
  if (value.shape.length === 0 || rows > MAX_STAGE || countOf(rest) > MAX_STAGE) {
    return sumTo(graph, value, [1]);
  }
  // Without the reshapes that sums in stages need elsewhere: a training has one of these for every parameter.
  const axes = rest.map((_, axis) => axis + 1);
  const sums = axes.length === 0 ? value : reduceSum(graph, value, { axes, keepAxes: false });
  return reduceSum(graph, sums, { axes: [0] });
}

/** The sum of all elements of each value, after `each` was applied to it: [values]. */
export function totals(
  graph: GraphBuilder,
  values: readonly Value[],
  each: (value: Value) => Value = (value) => value,
): Value {
  const groups = together(values, ({ shape }) => String(shape[0]));
  const sums = groups.map((places) => {
    const members = places.map((at) => values[at]!);
    const terms = each(joined(graph, members));
    if (members.length === 1) return total(graph, terms);
    const rows = reshape(graph, terms, [members.length, sizeOf(members[0]!, 0)]);
    return reduceSum(graph, rows, { axes: [1], keepAxes: false });
  });
  const all = concat(graph, sums, { axis: 0 });
  const order = groups.flat();
  if (order.every((place, at) => place === at)) return all;
  const places = values.map((_, at) => order.indexOf(at));
  return gather(graph, all, { axis: 0, indices: int64s(graph, places) });
}

/** `sum / weight`; 0 where nothing has weight, instead of 0 / 0. */
export function quotient(graph: GraphBuilder, sum: Value, weight: Value): Value {
  const some = greater(graph, weight, scalar(graph, weight, 0));
  return div(graph, sum, where(graph, some, { yes: weight, no: scalar(graph, weight, 1) }));
}

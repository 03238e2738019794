// ReduceSum, ReduceMean, ReduceMax over constant axes.

import type { Value } from "@internvit/model-core";
import { cast, div, mul, reshape } from "@internvit/model-core/onnx";

import { equal, scale } from "../ops/elementwise.ts";
import { expand } from "../ops/layout.ts";
import { reduceSum as sum } from "../ops/reduction.ts";
import { constantInput, type GradientRule, intAttribute, type RuleCall } from "../rule.ts";
import { countOf, sizesOf } from "../sizes.ts";

/** The gradient for every element that was summed. */
export const reduceSum: GradientRule = (call) => [
  () => expand(call.graph, kept(call, call.upstream), sizesOf(call.input(0))),
];

/** The same, divided by their number. */
export const reduceMean: GradientRule = (call) => [
  () => {
    const { graph, input, output, upstream } = call;
    const count = countOf(sizesOf(input(0))) / countOf(sizesOf(output));
    return expand(graph, kept(call, scale(graph, upstream, 1 / count)), sizesOf(input(0)));
  },
];

/** For the largest element; equal ones share, as PyTorch's `amax`. */
export const reduceMax: GradientRule = (call) => [
  () => {
    const { graph, input, output, upstream } = call;
    const largest = equal(graph, input(0), kept(call, output));
    const winners = cast(graph, largest, upstream.dtype);
    const share = div(graph, kept(call, upstream), sum(graph, winners, { axes: axesOf(call) }));
    return mul(graph, winners, share);
  },
];

function axesOf(call: RuleCall): readonly number[] {
  const all = call.input(0).shape.map((_, axis) => axis);
  const axes = constantInput(call, 1) ?? [];
  if (axes.length > 0) return axes.map((axis) => (axis + all.length) % all.length);
  return intAttribute(call.node, "noop_with_empty_axes", 0) === 1 ? [] : all;
}

/** A value of the output's shape with the reduced axes back, of size 1. */
function kept(call: RuleCall, value: Value): Value {
  const axes = axesOf(call);
  const sizes = sizesOf(call.input(0)).map((size, axis) => (axes.includes(axis) ? 1 : size));
  return reshape(call.graph, value, sizes);
}

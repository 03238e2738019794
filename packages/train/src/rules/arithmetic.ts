// Add, Sub, Mul, Div, Neg. What goes to an input that was broadcast is summed before anything else is done with it.

import { div, mul } from "@internvit/model-core/onnx";

import { neg, scale } from "../ops/elementwise.ts";
import type { GradientRule } from "../rule.ts";
import { sizesOf } from "../sizes.ts";
import { sumTo } from "../sum-to.ts";
import { unexpanded } from "../unexpanded.ts";

/** d(a + b) = da + db. */
export const add: GradientRule = ({ upstream }) => [() => upstream, () => upstream];

/** d(a − b) = da − db. */
export const sub: GradientRule = ({ graph, input, upstream }) => [
  () => upstream,
  () => neg(graph, sumTo(graph, upstream, sizesOf(input(1)))),
];

/** d(a b) = b da + a db. A square is one term of twice the size. */
export const multiply: GradientRule = ({ graph, node, input, upstream }) => {
  const times = (factor: number, index: number) => () =>
    mul(graph, scale(graph, unexpanded(graph, upstream, input(index)), factor), input(index));
  return node.inputs[0] === node.inputs[1] ? [times(2, 0)] : [times(1, 1), times(1, 0)];
};

/** d(a / b) = da / b − (a / b) db / b. */
export const divide: GradientRule = ({ graph, input, output, upstream }) => [
  () => div(graph, unexpanded(graph, upstream, input(1)), input(1)),
  () => {
    const product = mul(graph, unexpanded(graph, upstream, output), output);
    return neg(graph, div(graph, sumTo(graph, product, sizesOf(input(1))), input(1)));
  },
];

/** d(−a) = −da. */
export const negate: GradientRule = ({ graph, upstream }) => [() => neg(graph, upstream)];

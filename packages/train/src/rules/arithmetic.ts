// Add, Sub, Mul, Div, Neg.

import { div, mul } from "@internvit/model-core/onnx";

import { neg, scale } from "../ops/elementwise.ts";
import type { GradientRule } from "../rule.ts";

/** d(a + b) = da + db. */
export const add: GradientRule = ({ upstream }) => [() => upstream, () => upstream];

/** d(a − b) = da − db. */
export const sub: GradientRule = ({ graph, upstream }) => [
  () => upstream,
  () => neg(graph, upstream),
];

/** d(a b) = b da + a db. A square is one term of twice the size. */
export const multiply: GradientRule = ({ graph, node, input, upstream }) =>
  node.inputs[0] === node.inputs[1]
    ? [() => mul(graph, scale(graph, upstream, 2), input(0))]
    : [() => mul(graph, upstream, input(1)), () => mul(graph, upstream, input(0))];

/** d(a / b) = da / b − (a / b) db / b. */
export const divide: GradientRule = ({ graph, input, output, upstream }) => [
  () => div(graph, upstream, input(1)),
  () => neg(graph, div(graph, mul(graph, upstream, output), input(1))),
];

/** d(−a) = −da. */
export const negate: GradientRule = ({ graph, upstream }) => [() => neg(graph, upstream)];

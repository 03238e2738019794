// Gelu (exact form), Relu, Sigmoid, Tanh.

import { add, cast, mul, sub } from "@internvit/model-core/onnx";

import { scalar } from "../floats.ts";
import { erf, exp, greater, scale } from "../ops/elementwise.ts";
import { type GradientRule, stringAttribute, unsupportedForm } from "../rule.ts";

/** d(x Φ(x)) = (Φ(x) + x φ(x)) dx, Φ from erf and φ from exp. */
export const gelu: GradientRule = (call) => {
  const { graph, input, node, upstream } = call;
  const approximation = stringAttribute(node, "approximate", "none");
  if (approximation !== "none") throw unsupportedForm(call, `approximate "${approximation}"`);
  return [
    () => {
      const x = input(0);
      const half = scale(graph, erf(graph, scale(graph, x, Math.SQRT1_2)), 0.5);
      const cumulative = add(graph, half, scalar(graph, x, 0.5));
      const bell = exp(graph, scale(graph, mul(graph, x, x), -0.5));
      const density = scale(graph, bell, 1 / Math.sqrt(2 * Math.PI));
      return mul(graph, upstream, add(graph, cumulative, mul(graph, x, density)));
    },
  ];
};

/** 1 where the result is positive; 0 at 0, as PyTorch. */
export const relu: GradientRule = ({ graph, output, upstream }) => [
  () => {
    const positive = greater(graph, output, scalar(graph, output, 0));
    return mul(graph, upstream, cast(graph, positive, upstream.dtype));
  },
];

/** dσ = σ (1 − σ) dx. */
export const sigmoid: GradientRule = ({ graph, output, upstream }) => [
  () => mul(graph, upstream, sub(graph, output, mul(graph, output, output))),
];

/** d tanh = (1 − tanh²) dx. */
export const tanh: GradientRule = ({ graph, output, upstream }) => [
  () => sub(graph, upstream, mul(graph, upstream, mul(graph, output, output))),
];

// Gelu (exact form), Relu, Sigmoid, Tanh.

import { add, cast, mul, sub } from "@internvit/model-core/onnx";

import { scalar } from "../floats.ts";
import { erf, exp, greater, scale } from "../ops/elementwise.ts";
import { type GradientRule, stringAttribute, unsupportedForm } from "../rule.ts";

/** ln φ(0). */
const LOG_PEAK = -Math.log(2 * Math.PI) / 2;

/** d(x Φ(x)) = (Φ(x) + x φ(x)) dx; with s = x / √2, Φ is (1 + erf s) / 2 and φ is exp(ln φ(0) − s²). */
export const gelu: GradientRule = (call) => {
  const { graph, input, node, upstream } = call;
  const approximation = stringAttribute(node, "approximate", "none");
  if (approximation !== "none") throw unsupportedForm(call, `approximate "${approximation}"`);
  return [
    () => {
      const x = input(0);
      const s = scale(graph, x, Math.SQRT1_2);
      const cumulative = add(graph, scale(graph, erf(graph, s), 0.5), scalar(graph, x, 0.5));
      const density = exp(graph, sub(graph, scalar(graph, x, LOG_PEAK), mul(graph, s, s)));
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

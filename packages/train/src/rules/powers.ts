// Sqrt, Pow, Exp, Log.

import { div, mul, sub } from "@internvit/model-core/onnx";

import { scalar } from "../floats.ts";
import { exp as exponential, log as logarithm, pow as power, scale } from "../ops/elementwise.ts";
import type { GradientRule } from "../rule.ts";
import { unexpanded } from "../unexpanded.ts";

/** d√x = dx / (2 √x). */
export const sqrt: GradientRule = ({ graph, output, upstream }) => [
  () => div(graph, scale(graph, upstream, 0.5), output),
];

/** d(x^p) = p x^(p−1) dx + ln(x) x^p dp. */
export const pow: GradientRule = ({ graph, input, output, upstream }) => [
  () => {
    const exponent = graph.tensor(input(1));
    // The common case without another Pow.
    if (exponent?.data.length === 1 && Number(exponent.data[0]) === 2) {
      return mul(graph, scale(graph, upstream, 2), input(0));
    }
    const less = sub(graph, input(1), scalar(graph, input(1), 1));
    return mul(graph, upstream, mul(graph, input(1), power(graph, input(0), less)));
  },
  () => mul(graph, upstream, mul(graph, output, logarithm(graph, input(0)))),
];

/** d eˣ = eˣ dx. */
export const exp: GradientRule = ({ graph, output, upstream }) => [
  () => mul(graph, unexpanded(graph, upstream, output), output),
];

/** d ln x = dx / x. */
export const log: GradientRule = ({ graph, input, upstream }) => [
  () => div(graph, upstream, input(0)),
];

/** d erf(x) = 2/√π · e^(−x²) dx. */
export const erf: GradientRule = ({ graph, input, upstream }) => [
  () => {
    const squared = mul(graph, input(0), input(0));
    const bell = exponential(graph, scale(graph, squared, -1));
    return mul(graph, upstream, scale(graph, bell, 2 / Math.sqrt(Math.PI)));
  },
];

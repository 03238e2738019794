// Softmax and LogSoftmax along one axis.

import { mul, sub } from "@internvit/model-core/onnx";

import { exp } from "../ops/elementwise.ts";
import { reduceSum } from "../ops/reduction.ts";
import { type GradientRule, intAttribute } from "../rule.ts";

/** p (g − Σ g p). */
export const softmax: GradientRule = ({ graph, node, output, upstream }) => [
  () => {
    const axes = [intAttribute(node, "axis", -1)];
    const total = reduceSum(graph, mul(graph, upstream, output), { axes });
    return mul(graph, output, sub(graph, upstream, total));
  },
];

/** g − p Σ g. */
export const logSoftmax: GradientRule = ({ graph, node, output, upstream }) => [
  () => {
    const total = reduceSum(graph, upstream, { axes: [intAttribute(node, "axis", -1)] });
    return sub(graph, upstream, mul(graph, exp(graph, output), total));
  },
];

// LayerNormalization and SimplifiedLayerNormalization (RMSNorm), over the last axis. LayerNormalization is asked for its
// optional outputs, mean and inverse deviation. The other one's is not to be had everywhere: ONNX Runtime 1.30 fills it
// with wrong numbers on WebGPU, so it is computed again.

import type { Value } from "@internvit/model-core";
import { add, div, matMul, mul, reshape, sqrt, sub } from "@internvit/model-core/onnx";

import { scalar } from "../floats.ts";
import { scale } from "../ops/elementwise.ts";
import { reduceMean } from "../ops/reduction.ts";
import {
  floatAttribute,
  type GradientRule,
  type InputGradients,
  intAttribute,
  type RuleCall,
  unsupportedForm,
} from "../rule.ts";
import { sizesOf } from "../sizes.ts";

/** u = x − mean, and the gradient of the bias. */
export const layerNormalization: GradientRule = (call) => {
  const { graph, input, upstream } = call;
  checkAxis(call);
  const [mean, inverse] = statistics(call);
  const deviations = sub(graph, input(0), mean);
  return [
    ...gradientsOf(call, { deviations, inverse, level: () => weightedMean(call, upstream) }),
    () => upstream,
  ];
};

/** u = x. */
export const simplifiedLayerNormalization: GradientRule = (call) => {
  const { graph, node, input, upstream } = call;
  checkAxis(call);
  const epsilon = scalar(graph, upstream, floatAttribute(node, "epsilon", 1e-5));
  const meanSquare = reduceMean(graph, mul(graph, input(0), input(0)), { axes: [-1] });
  const deviation = sqrt(graph, add(graph, meanSquare, epsilon));
  const inverse = div(graph, scalar(graph, upstream, 1), deviation);
  return gradientsOf(call, { deviations: input(0), inverse });
};

/**
 * With ĝ = g · weight, dx = inverse · (ĝ − mean(ĝ) − u · inverse² · mean(ĝ u)) and dweight = Σ inverse · (g u). Both have
 * g u in them, and all that is a sum is a product with a vector: what is normalised need not be computed again.
 */
function gradientsOf(
  call: RuleCall,
  norm: {
    readonly deviations: Value;
    /** [..., 1]. */
    readonly inverse: Value;
    /** mean(ĝ), [..., 1], where a mean was subtracted. */
    readonly level?: () => Value;
  },
): InputGradients {
  const { graph, input, upstream } = call;
  const { deviations, inverse, level } = norm;
  const product = mul(graph, upstream, deviations);
  return [
    () => {
      const scaled = mul(graph, upstream, input(1));
      const centered = level === undefined ? scaled : sub(graph, scaled, level());
      const square = mul(graph, inverse, inverse);
      const along = mul(graph, deviations, mul(graph, weightedMean(call, product), square));
      return mul(graph, sub(graph, centered, along), inverse);
    },
    () => {
      const [width = 1, tokens = 1, ...samples] = sizesOf(product).toReversed();
      const stack = samples.toReversed();
      return matMul(
        graph,
        reshape(graph, inverse, [...stack, 1, tokens]),
        reshape(graph, product, [...stack, tokens, width]),
      );
    },
  ];
}

/** Σ value · weight / width along the last axis, [..., 1]. */
function weightedMean({ graph, input }: RuleCall, value: Value): Value {
  const [width = 1] = sizesOf(input(1));
  const share = scale(graph, input(1), 1 / width);
  return matMul(graph, value, reshape(graph, share, [width, 1]));
}

function checkAxis(call: RuleCall): void {
  const axis = intAttribute(call.node, "axis", -1);
  if (axis !== -1 && axis !== call.output.shape.length - 1) {
    throw unsupportedForm(call, `axis ${axis}`);
  }
}

/** Mean and inverse deviation, [..., 1]. */
function statistics({ graph, node, output }: RuleCall): readonly [Value, Value] {
  const known = node.outputs.slice(1).map((name) => graph.value(name));
  const kept = { dtype: "float32", shape: [...output.shape.slice(0, -1), 1] } as const;
  const missing = [kept, kept].slice(known.length);
  const [mean, inverse] = [...known, ...graph.addOutputs(node, missing)];
  return [mean!, inverse!];
}

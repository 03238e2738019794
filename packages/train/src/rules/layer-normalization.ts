// LayerNormalization and SimplifiedLayerNormalization (RMSNorm), over the last axis. LayerNormalization is asked for its
// optional outputs, mean and inverse deviation. The other one's is not to be had everywhere: ONNX Runtime 1.30 fills it
// with wrong numbers on WebGPU, so it is computed again.

import type { Value } from "@internvit/model-core";
import { add, div, mul, sqrt, sub } from "@internvit/model-core/onnx";

import { scalar } from "../floats.ts";
import { reduceMean } from "../ops/reduction.ts";
import {
  floatAttribute,
  type GradientRule,
  intAttribute,
  type RuleCall,
  unsupportedForm,
} from "../rule.ts";

/** x̂ = (x − mean) · inverse; dx = inverse · (ĝ − mean(ĝ) − x̂ · mean(ĝ x̂)) with ĝ = g · weight. */
export const layerNormalization: GradientRule = (call) => {
  const { graph, input, upstream } = call;
  checkAxis(call);
  const [mean, inverse] = statistics(call);
  const normalized = mul(graph, sub(graph, input(0), mean), inverse);
  return [
    () => {
      const scaled = mul(graph, upstream, input(1));
      const centered = sub(graph, scaled, meanOf(call, scaled));
      const along = mul(graph, normalized, meanOf(call, mul(graph, scaled, normalized)));
      return mul(graph, sub(graph, centered, along), inverse);
    },
    () => mul(graph, upstream, normalized),
    () => upstream,
  ];
};

/** x̂ = x · inverse; dx = inverse · (ĝ − x̂ · mean(ĝ x̂)). */
export const simplifiedLayerNormalization: GradientRule = (call) => {
  const { graph, node, input, upstream } = call;
  checkAxis(call);
  const epsilon = scalar(graph, upstream, floatAttribute(node, "epsilon", 1e-5));
  const meanSquare = meanOf(call, mul(graph, input(0), input(0)));
  const deviation = sqrt(graph, add(graph, meanSquare, epsilon));
  const inverse = div(graph, scalar(graph, upstream, 1), deviation);
  const normalized = mul(graph, input(0), inverse);
  return [
    () => {
      const scaled = mul(graph, upstream, input(1));
      const along = mul(graph, normalized, meanOf(call, mul(graph, scaled, normalized)));
      return mul(graph, sub(graph, scaled, along), inverse);
    },
    () => mul(graph, upstream, normalized),
  ];
};

function meanOf({ graph }: RuleCall, value: Value): Value {
  return reduceMean(graph, value, { axes: [-1] });
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

// Softmax and LogSoftmax along one axis.

import type { GraphNode, Value } from "@internvit/model-core";
import { mul, sub } from "@internvit/model-core/onnx";

import { exp } from "../ops/elementwise.ts";
import { reduceSum } from "../ops/reduction.ts";
import { floatAttribute, type GradientRule, intAttribute, type RuleCall } from "../rule.ts";
import { sizeOf } from "../sizes.ts";
import { isSwapped } from "../transposed.ts";

/** p (g − Σ g p). */
export const softmax: GradientRule = (call) => [
  () => {
    const { graph, node, output, upstream } = call;
    const [left, right] = narrowFactors(call) ?? [upstream, output];
    const axes = [intAttribute(node, "axis", -1)];
    const total = reduceSum(graph, mul(graph, left, right), { axes });
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

/**
 * In attention, o = p v and g = dₒ vᵀ, so that Σ g p over the keys is Σ dₒ o over the channels: fewer of them than keys.
 * The factors dₒ and o, where the graph shows that it is so.
 */
function narrowFactors({
  graph,
  node,
  output,
  upstream,
}: RuleCall): readonly [Value, Value] | undefined {
  const axis = intAttribute(node, "axis", -1);
  const product = graph.producer(upstream);
  if (product === undefined || (axis !== -1 && axis !== output.shape.length - 1)) return undefined;
  if (product.opType !== "MatMul" && !turnsRightOnly(product)) return undefined;
  const [left, right] = [graph.value(product.inputs[0]!), graph.value(product.inputs[1]!)];
  const isTurned = (value: Value): boolean =>
    product.opType === "MatMul" ? isSwapped(graph, right, value) : right.name === value.name;
  const attended = graph.nodes.find(
    ({ opType, inputs: [weights, values = ""] }) =>
      opType === "MatMul" && weights === output.name && isTurned(graph.value(values)),
  );
  if (attended === undefined) return undefined;
  const mixed = graph.value(attended.outputs[0]!);
  return sizeOf(mixed, -1) < sizeOf(output, -1) ? [left, mixed] : undefined;
}

/** Whether a node is a Bᵀ of stacks of matrices and nothing else. */
function turnsRightOnly(node: GraphNode): boolean {
  return (
    node.opType === "FusedMatMul" &&
    intAttribute(node, "transB", 0) === 1 &&
    floatAttribute(node, "alpha", 1) === 1 &&
    ["transA", "transBatchA", "transBatchB"].every((name) => intAttribute(node, name, 0) === 0)
  );
}

// Softmax and LogSoftmax along one axis.

import type { GraphBuilder, GraphNode, Value } from "@internvit/model-core";
import { mul, sub } from "@internvit/model-core/onnx";

import { exp } from "../ops/elementwise.ts";
import { reduceSum } from "../ops/reduction.ts";
import {
  floatAttribute,
  type GradientRule,
  intAttribute,
  intsAttribute,
  type RuleCall,
} from "../rule.ts";
import { sizeOf } from "../sizes.ts";
import { isSwapped, transposed } from "../transposed.ts";

/** p (g − Σ g p). */
export const softmax: GradientRule = (call) => [
  () => {
    const { graph, node, output, upstream } = call;
    const narrow = narrowFactors(call);
    const total =
      narrow === undefined
        ? reduceSum(graph, mul(graph, upstream, output), { axes: [intAttribute(node, "axis", -1)] })
        : channelSum(graph, narrow);
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

/**
 * Σ dₒ o over the channels. Where the forward pass goes on with heads and tokens of o swapped, it is taken there: that
 * copy is kept for the gradient of the projection, and o itself need not be kept beside it.
 */
function channelSum(graph: GraphBuilder, [upstream, mixed]: readonly [Value, Value]): Value {
  const last = mixed.shape.length - 1;
  const swap = graph.nodes.find(
    ({ opType, inputs, attributes }) =>
      opType === "Transpose" && inputs[0] === mixed.name && attributes["perm"] !== undefined,
  );
  const axes = swap === undefined ? [] : intsAttribute(swap, "perm", []);
  const sum = (left: Value, right: Value): Value =>
    reduceSum(graph, mul(graph, left, right), { axes: [-1] });
  if (axes[last] !== last || graph.producer(upstream)?.opType !== "Transpose") {
    return sum(upstream, mixed);
  }
  const kept = graph.value(swap!.outputs[0]!);
  const back = axes.map((_, axis) => axes.indexOf(axis));
  return transposed(graph, sum(transposed(graph, upstream, axes), kept), back);
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

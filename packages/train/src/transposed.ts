// Transposed values without needless copies. A backward pass transposes what the forward pass has transposed already,
// and results of products; both are undone here instead of computed.

import type { GraphBuilder, GraphNode, Value } from "@internvit/model-core";
import { transpose } from "@internvit/model-core/onnx";

import { gemm } from "./ops/gemm.ts";
import { intAttribute, intsAttribute } from "./rule.ts";

/** Axis `i` of the result is axis `permutation[i]` of `value`. */
export function transposed(
  graph: GraphBuilder,
  value: Value,
  permutation: readonly number[],
): Value {
  const node = graph.producer(value);
  const source = graph.value(node?.inputs[0] || value.name);
  if (permutation.every((axis, index) => axis === index)) return value;
  if (node?.opType === "Transpose") {
    const first = intsAttribute(node, "perm", source.shape.map((_, axis) => axis).toReversed());
    return transposed(
      graph,
      source,
      permutation.map((axis) => first[axis]!),
    );
  }
  // (AᵀB)ᵀ = BᵀA: the gradient of a weight that was transposed for its product.
  if (node !== undefined && isTransposedProduct(node)) {
    return gemm(graph, graph.value(node.inputs[1]!), source, { transposeLeft: true });
  }
  return transpose(graph, value, permutation);
}

/** Whether a node is AᵀB and nothing else. */
function isTransposedProduct(node: GraphNode): boolean {
  return (
    node.opType === "Gemm" &&
    node.inputs.length === 2 &&
    intAttribute(node, "transA", 0) === 1 &&
    intAttribute(node, "transB", 0) === 0 &&
    node.attributes["alpha"] === undefined
  );
}

/** With the last two axes swapped. */
export function swapped(graph: GraphBuilder, value: Value): Value {
  const axes = value.shape.map((_, axis) => axis);
  return transposed(graph, value, [...axes.slice(0, -2), ...axes.slice(-2).toReversed()]);
}

/** Whether `value` shows to be `other` with the last two axes swapped: one or both transposed from the same value. */
export function isSwapped(graph: GraphBuilder, value: Value, other: Value): boolean {
  const [own, theirs] = [axesOf(graph, value), axesOf(graph, other)];
  const turned = [...theirs.axes.slice(0, -2), ...theirs.axes.slice(-2).toReversed()];
  return own.source === theirs.source && own.axes.join() === turned.join();
}

/** What a value was transposed from, and how. */
function axesOf(
  graph: GraphBuilder,
  value: Value,
): { readonly source: string; readonly axes: readonly number[] } {
  const node = graph.producer(value);
  const axes = value.shape.map((_, axis) => axis);
  if (node?.opType !== "Transpose") return { source: value.name, axes };
  return { source: node.inputs[0]!, axes: intsAttribute(node, "perm", axes.toReversed()) };
}

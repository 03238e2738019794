// Gradients of sums without their copies. What a sum gives back is the same for every element that was summed, and is
// written out as an Expand; an elementwise operator with a factor in the full shape broadcasts by itself.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { broadcastShapes, formatShape } from "@internvit/model-core/onnx";

/** What an Expand repeats to get `value`, where broadcasting against `other` does the same; else `value`. */
export function unexpanded(graph: GraphBuilder, value: Value, other: Value): Value {
  const node = graph.producer(value);
  if (node?.opType !== "Expand") return value;
  const source = graph.value(node.inputs[0]!);
  const shape = broadcastShapes("Expand", source.shape, other.shape);
  return formatShape(shape) === formatShape(value.shape) ? source : value;
}

// A value through which no gradient flows. ONNX has no operator for it; an Identity under a scope of this name says it
// in a way that stays with the graph as plain data.

import type { GraphBuilder, GraphNode, Value } from "@internvit/model-core";
import { single } from "@internvit/model-core/onnx";

const SCOPE = "StopGradient";
const MARK = new RegExp(`(^|/)${SCOPE}/Identity(_\\d+)?$`);

/** The same value; what it was computed from gets no gradient through it. */
export function stopGradient(graph: GraphBuilder, value: Value): Value {
  const { dtype, shape } = value;
  return graph.scope(SCOPE, () =>
    single(graph.addNode({ opType: "Identity", inputs: [value], outputs: [{ dtype, shape }] })),
  );
}

/** Whether a node is a `stopGradient`. */
export function stopsGradient(node: GraphNode): boolean {
  return node.opType === "Identity" && MARK.test(node.name);
}

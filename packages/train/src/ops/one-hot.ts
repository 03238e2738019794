// One-hot rows without the operator OneHot, which WebGPU has not.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { cast } from "@internvit/model-core/onnx";

import { equal } from "./elementwise.ts";
import { unsqueeze } from "./layout.ts";

/**
 * Integers of any shape → floats with one more axis of `classes` at the place `axis`, 1 where the class is the integer
 * and 0 elsewhere; all 0 for an integer that is no class.
 */
export function oneHot(
  graph: GraphBuilder,
  labels: Value,
  options: { readonly classes: number; readonly axis: number; readonly like: Value },
): Value {
  const { classes, axis, like } = options;
  const rest = labels.shape.slice(axis).map(() => 1);
  const range = graph.constant({
    dtype: "int32",
    shape: [classes, ...rest],
    data: Int32Array.from({ length: classes }, (_, index) => index),
  });
  // int32: WebGPU compares no int64.
  const column = unsqueeze(graph, cast(graph, labels, "int32"), [axis]);
  return cast(graph, equal(graph, column, range), like.dtype);
}

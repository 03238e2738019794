// The exponential moving average of parameters and buffers, timm's ModelEma: decay · average + (1 − decay) · value.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { add } from "@internvit/model-core/onnx";

import { scale } from "../ops/elementwise.ts";

/** The average after `value` was seen. */
export function movingAverage(
  graph: GraphBuilder,
  average: Value,
  options: { readonly value: Value; readonly decay: number },
): Value {
  const { value, decay } = options;
  return add(graph, scale(graph, average, decay), scale(graph, value, 1 - decay));
}

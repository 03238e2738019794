// The residual connection of a transformer block: layer scale on the branch, and drop path, which leaves the branch of
// some samples out.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { add, mul } from "@internvit/model-core/onnx";

import { dropout } from "./masks.ts";

/** `value + branch · layerScale`, the branch only for the samples that are kept. */
export function residual(
  graph: GraphBuilder,
  value: Value,
  options: {
    readonly branch: Value;
    /** [width]. Default: none. */
    readonly layerScale?: Value | undefined;
    /** As in `dropout`: `kept` is [n]. Default: all are kept. */
    readonly dropPath?: { readonly kept: Value; readonly rate: number } | undefined;
  },
): Value {
  const { branch, layerScale, dropPath } = options;
  const scaled = layerScale === undefined ? branch : mul(graph, branch, layerScale);
  return add(graph, value, dropPath === undefined ? scaled : dropout(graph, scaled, dropPath));
}

// The feature of the linear probe: what the class token says beside the mean of all patches.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { concat, reshape, slice } from "@internvit/model-core/onnx";

import { sizesOf } from "../sizes.ts";
import { reduceMean } from "./reduction.ts";

/** `[n, 1 + patches, width]`, class token first → `[n, 2 · width]`. */
export function classTokenAndPatchMean(graph: GraphBuilder, tokens: Value): Value {
  const [samples = 0, count = 0, width = 0] = sizesOf(tokens);
  const classToken = slice(graph, tokens, { axis: 1, start: 0, end: 1 });
  const patches = slice(graph, tokens, { axis: 1, start: 1, end: count });
  const means = reduceMean(graph, patches, { axes: [1] });
  const both = concat(graph, [classToken, means], { axis: 2 });
  return reshape(graph, both, [samples, 2 * width]);
}

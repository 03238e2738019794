// Dropout whose masks are fed in: a graph has no randomness of its own that is the same on every execution provider.
// A mask holds 1 where a value is kept and 0 where it is dropped; what is kept is scaled by 1 / (1 − rate).

import type { GraphBuilder, Value } from "@internvit/model-core";
import { mul, reshape } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import { scale } from "./elementwise.ts";

/**
 * Drops slices of a value. `kept` has the leading axes of `value`: `[n]` drops samples (drop path, stochastic depth),
 * `[n, channels]` channels, the full shape single elements.
 */
export function dropout(
  graph: GraphBuilder,
  value: Value,
  { kept, rate }: { readonly kept: Value; readonly rate: number },
): Value {
  if (!(rate >= 0 && rate < 1)) {
    throw new TrainError("invalid-argument", `rate: expected a number in [0, 1), got ${rate}`);
  }
  const rest = value.shape.slice(kept.shape.length).map(() => 1);
  // The small mask is scaled, not the value.
  const factors = scale(graph, kept, 1 / (1 - rate));
  return mul(graph, value, reshape(graph, factors, [...kept.shape, ...rest]));
}

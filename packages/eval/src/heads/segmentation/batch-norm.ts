// MMSegmentation's batch norm under any name. Reference: SyncBatchNorm with PyTorch's defaults, on one device.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { batchNormalization, batchNormalizationByRunning, type ModelCall } from "@internvit/train";

const EPSILON = 1e-5;
const MOMENTUM = 0.1;

/** What writes a part of a head: the model's call, and where running statistics after the batch are collected. */
export interface HeadCall extends ModelCall {
  readonly collected: Record<string, Value>;
}

/** `[n, channels, h, w]` normalised by the batch in training, by the running statistics in evaluation. */
export function batchNorm(
  graph: GraphBuilder,
  value: Value,
  { call, name }: { readonly call: HeadCall; readonly name: string },
): Value {
  const state = {
    weight: call.parameter(`${name}.weight`),
    bias: call.parameter(`${name}.bias`),
    runningMean: call.buffer(`${name}.running_mean`),
    runningVariance: call.buffer(`${name}.running_var`),
    epsilon: EPSILON,
  };
  if (call.mode === "evaluation") return batchNormalizationByRunning(graph, value, state);
  const { normalized, runningMean, runningVariance } = batchNormalization(graph, value, {
    ...state,
    momentum: MOMENTUM,
  });
  call.collected[`${name}.running_mean`] = runningMean;
  call.collected[`${name}.running_var`] = runningVariance;
  return normalized;
}

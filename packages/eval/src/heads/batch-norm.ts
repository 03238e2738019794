// Batch norm as a part of a head, under the names of published checkpoints: by the batch in training, by the running
// statistics in evaluation.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { batchNormalization, batchNormalizationByRunning, type ModelCall } from "@internvit/train";

import type { BatchNormProtocol } from "../protocols/protocol.ts";

/** The parameters and buffers `norm.*` of a head, for a feature [n, width]. */
export function batchNorm(
  graph: GraphBuilder,
  feature: Value,
  { call, settings }: { readonly call: ModelCall; readonly settings: BatchNormProtocol },
): { readonly value: Value; readonly buffers: Readonly<Record<string, Value>> } {
  const state = {
    weight: call.parameter("norm.weight"),
    bias: call.parameter("norm.bias"),
    runningMean: call.buffer("norm.running_mean"),
    runningVariance: call.buffer("norm.running_var"),
    ...settings,
  };
  if (call.mode === "evaluation") {
    return { value: batchNormalizationByRunning(graph, feature, state), buffers: {} };
  }
  const { normalized, runningMean, runningVariance } = batchNormalization(graph, feature, state);
  return {
    value: normalized,
    buffers: { "norm.running_mean": runningMean, "norm.running_var": runningVariance },
  };
}

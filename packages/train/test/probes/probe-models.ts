// The heads of the golden trainings, as the recipes write them.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { add, layerNormalization, matMul, reshape, transpose } from "@internvit/model-core/onnx";

import {
  attention,
  batchNormalization,
  batchNormalizationByRunning,
  classTokenAndPatchMean,
  gemm,
  type ModelCall,
  type ModelResults,
  reduceMean,
} from "../../src/index.ts";

/** Batch norm under a name, by the batch in training and by its running statistics in evaluation. */
export function batchNorm(
  graph: GraphBuilder,
  value: Value,
  options: { readonly call: ModelCall; readonly name: string; readonly epsilon: number },
): { readonly value: Value; readonly buffers: Readonly<Record<string, Value>> } {
  const { call, name, epsilon } = options;
  const state = {
    weight: call.parameter(`${name}.weight`),
    bias: call.parameter(`${name}.bias`),
    runningMean: call.buffer(`${name}.running_mean`),
    runningVariance: call.buffer(`${name}.running_var`),
    epsilon,
  };
  if (call.mode === "evaluation") {
    return { value: batchNormalizationByRunning(graph, value, state), buffers: {} };
  }
  const { normalized, runningMean, runningVariance } = batchNormalization(graph, value, {
    ...state,
    momentum: 0.1,
  });
  const buffers = {
    [`${name}.running_mean`]: runningMean,
    [`${name}.running_var`]: runningVariance,
  };
  return { value: normalized, buffers };
}

/** Class token and patch mean, or attention with the mean token as query; then batch norm and a linear layer. */
export function classificationHead(
  graph: GraphBuilder,
  call: ModelCall,
  { target, heads }: { readonly target: string; readonly heads: number },
): ModelResults {
  const tokens = call.input("tokens");
  const feature =
    target === "attention_pooling"
      ? attentionPooling(graph, tokens, { call, heads })
      : classTokenAndPatchMean(graph, tokens);
  const { value, buffers } = batchNorm(graph, feature, { call, name: "norm", epsilon: 1e-6 });
  const logits = gemm(graph, value, call.parameter("head.weight"), {
    transposeRight: true,
    bias: call.parameter("head.bias"),
  });
  return { outputs: { feature, logits }, buffers };
}

function attentionPooling(
  graph: GraphBuilder,
  tokens: Value,
  { call, heads }: { readonly call: ModelCall; readonly heads: number },
): Value {
  const [samples = 0, count = 0, width = 0] = tokens.shape as readonly number[];
  const parameter = (name: string): Value => call.parameter(`attn_pooling.${name}`);
  const projected = (part: "q" | "k" | "v", value: Value, rows: number): Value => {
    const normed = layerNormalization(graph, value, {
      weight: parameter(`norm1_${part}.weight`),
      bias: parameter(`norm1_${part}.bias`),
      epsilon: 1e-5,
    });
    const weight = transpose(graph, parameter(`cross_attn.${part}.weight`), [1, 0]);
    const full = add(graph, matMul(graph, normed, weight), parameter(`cross_attn.${part}_bias`));
    return transpose(
      graph,
      reshape(graph, full, [samples, rows, heads, width / heads]),
      [0, 2, 1, 3],
    );
  };
  const mean = reduceMean(graph, tokens, { axes: [1] });
  const pooled = attention(graph, {
    query: projected("q", mean, 1),
    key: projected("k", tokens, count),
    value: projected("v", tokens, count),
  });
  return gemm(
    graph,
    reshape(graph, pooled, [samples, width]),
    parameter("cross_attn.proj.weight"),
    {
      transposeRight: true,
      bias: parameter("cross_attn.proj.bias"),
    },
  );
}

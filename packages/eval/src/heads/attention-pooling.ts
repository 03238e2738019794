// Attention with the mean token as the one query, over all tokens, the class token included: three separate norms,
// biases apart from the projections, no residual. Reference: AttentionPoolingBlock in OpenGVLab/InternVL,
// classification/models/intern_vit_6b.py. Written as it is published; a training session collapses it.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { add, layerNormalization, matMul, reshape, transpose } from "@internvit/model-core/onnx";
import { attention, gemm, type ModelCall, reduceMean } from "@internvit/train";

/** Of the three norms: PyTorch's default, unlike the encoder's. */
const EPSILON = 1e-5;

/** `[n, tokens, width]` → `[n, width]`. */
export function attentionPooling(
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
      epsilon: EPSILON,
    });
    const weight = transpose(graph, parameter(`cross_attn.${part}.weight`), [1, 0]);
    const full = add(graph, matMul(graph, normed, weight), parameter(`cross_attn.${part}_bias`));
    const split = reshape(graph, full, [samples, rows, heads, width / heads]);
    return transpose(graph, split, [0, 2, 1, 3]);
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
    { transposeRight: true, bias: parameter("cross_attn.proj.bias") },
  );
}

// The attention-pooling probe of the recipe, small and without its batch norm: one query, the mean of the tokens.

import type { GraphBuilder, Tensor, Value } from "@internvit/model-core";
import { add, layerNormalization, matMul, reshape, transpose } from "@internvit/model-core/onnx";

import {
  attention,
  crossEntropy,
  gemm,
  type ModelCall,
  reduceMean,
  sgd,
  type TrainingOptions,
} from "../../src/index.ts";

const [SAMPLES, TOKENS, WIDTH, CLASSES, HEADS] = [2, 5, 8, 3, 2];

/** Its training; with a `trunk` the tokens are trained, too. */
export function poolingProbe(options: { readonly trunk?: boolean } = {}): TrainingOptions {
  const { trunk = false } = options;
  const parts = ["q", "k", "v"].flatMap((part) => [
    [`norm1_${part}.weight`, zeros(WIDTH)] as const,
    [`norm1_${part}.bias`, zeros(WIDTH)] as const,
    [`cross_attn.${part}.weight`, zeros(WIDTH, WIDTH)] as const,
    [`cross_attn.${part}_bias`, zeros(WIDTH)] as const,
  ]);
  return {
    model: {
      inputs: { tokens: { dtype: "float32", shape: [SAMPLES, TOKENS, WIDTH] } },
      parameters: {
        ...Object.fromEntries(parts),
        "head.weight": zeros(CLASSES, WIDTH),
        "head.bias": zeros(CLASSES),
        ...(trunk && { trunk: zeros(WIDTH) }),
      },
      build(graph, call) {
        const tokens = trunk
          ? add(graph, call.input("tokens"), call.parameter("trunk"))
          : call.input("tokens");
        const logits = gemm(graph, pooled(graph, tokens, call), call.parameter("head.weight"), {
          transposeRight: true,
          bias: call.parameter("head.bias"),
        });
        return { outputs: { logits } };
      },
    },
    loss: {
      inputs: { labels: { dtype: "int64", shape: [SAMPLES], labels: { classes: CLASSES } } },
      build: (graph, { input, output }) =>
        crossEntropy(graph, output("logits"), { labels: input("labels") }),
    },
    optimizer: sgd(),
    schedule: () => 0.1,
  };
}

function pooled(graph: GraphBuilder, tokens: Value, { parameter }: ModelCall): Value {
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
      reshape(graph, full, [SAMPLES, rows, HEADS, WIDTH / HEADS]),
      [0, 2, 1, 3],
    );
  };
  const heads = attention(graph, {
    query: projected("q", reduceMean(graph, tokens, { axes: [1] }), 1),
    key: projected("k", tokens, TOKENS),
    value: projected("v", tokens, TOKENS),
  });
  return reshape(graph, heads, [SAMPLES, WIDTH]);
}

function zeros(...shape: number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { dtype: "float32", shape, data: new Float32Array(count) };
}

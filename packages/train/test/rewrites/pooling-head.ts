// A head of attention with one query, in all the forms that the rewrite knows, and a few that it does not.

import { createGraphBuilder, type GraphModel, type Value } from "@internvit/model-core";
import { add, layerNormalization, matMul, reshape, transpose } from "@internvit/model-core/onnx";

import { attention, gemm, reduceMean, relu } from "../../src/index.ts";

/** What a head is like. */
export interface PoolingHead {
  readonly samples: number;
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
  /** Of a head, in the projections. */
  readonly headWidth: number;
  /** The norm's epsilon before keys and values, or of one norm before both; none where it is left out. */
  readonly norms: { readonly key?: number; readonly value?: number; readonly both?: number };
  readonly biases: boolean;
  /** Gemm over the rows of all samples; default: MatMul, then Add. */
  readonly gemm?: boolean;
  readonly fusedMatMul?: boolean;
  /** The query: the mean of the sample's tokens (default), one parameter for all, or two of each sample. */
  readonly query?: "mean" | "learned" | "two";
  /** Tokens come as [1, samples · tokens, width]. */
  readonly divided?: boolean;
  /** What makes it another graph. */
  readonly miss?: "other tokens" | "key read" | "weights read" | "value not affine";
}

/** The head's graph: input `tokens`, output `pooled`, and its parameters' names. */
export function poolingHead(head: PoolingHead): {
  readonly model: GraphModel;
  readonly parameters: readonly string[];
} {
  const { samples, tokens: count, width, heads, headWidth, norms, biases } = head;
  const hidden = heads * headWidth;
  const graph = createGraphBuilder();
  const given = head.divided ? [1, samples * count, width] : [samples, count, width];
  const input = graph.input("tokens", "float32", given);
  const tokens = head.divided ? reshape(graph, input, [samples, count, width]) : input;
  const others =
    head.miss === "other tokens" ? graph.input("others", "float32", tokens.shape) : tokens;
  const parameters: string[] = [];
  const parameter = (name: string, shape: readonly number[]): Value => {
    parameters.push(name);
    return graph.input(name, "float32", shape);
  };
  const normalized = (name: string, value: Value, epsilon: number | undefined): Value =>
    epsilon === undefined
      ? value
      : layerNormalization(graph, value, {
          weight: parameter(`${name}.weight`, [width]),
          bias: parameter(`${name}.bias`, [width]),
          epsilon,
        });
  const projected = (part: string, value: Value, epsilon: number | undefined): Value => {
    const normed = normalized(`${part}.norm`, value, epsilon);
    const weight = parameter(`${part}.weight`, [hidden, width]);
    const bias = biases ? parameter(`${part}.bias`, [hidden]) : undefined;
    if (head.gemm) {
      const flat = reshape(graph, normed, [samples * Number(value.shape[1]), width]);
      return gemm(graph, flat, weight, { transposeRight: true, ...(bias && { bias }) });
    }
    const product = matMul(graph, normed, transpose(graph, weight, [1, 0]));
    return bias === undefined ? product : add(graph, product, bias);
  };
  const byHead = (value: Value, rows: number): Value =>
    transpose(graph, reshape(graph, value, [samples, rows, heads, headWidth]), [0, 2, 1, 3]);
  const queries = (): Value => {
    if (head.query === "learned") return parameter("query", [1, heads, 1, headWidth]);
    if (head.query === "two") {
      return byHead(projected("query", parameter("pairs", [samples, 2, width]), 1e-5), 2);
    }
    return byHead(projected("query", reduceMean(graph, tokens, { axes: [1] }), 1e-5), 1);
  };
  const normed = normalized("norm", tokens, norms.both);
  const key = projected("key", others === tokens ? normed : others, norms.key);
  const value = projected("value", normed, norms.value);
  const pooled = attention(
    graph,
    {
      query: queries(),
      key: byHead(key, count),
      value: byHead(head.miss === "value not affine" ? relu(graph, value) : value, count),
    },
    { fusedMatMul: head.fusedMatMul ?? false },
  );
  graph.output("pooled", pooled);
  if (head.miss === "key read") graph.output("key", key);
  if (head.miss === "weights read") {
    const weights = graph.producer(pooled)!.inputs[0]!;
    graph.output("weights", graph.value(weights));
  }
  return { model: graph.finish("head"), parameters };
}

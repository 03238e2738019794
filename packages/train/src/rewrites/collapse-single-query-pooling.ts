// Attention with one query per sample needs no keys and values. With x̂ the tokens normalised without weight and bias,
//   score = q · (W_k (γ_k ∘ x̂ + β_k) + b_k) = (W_kᵀ q ∘ γ_k) · x̂ + what is the same for all tokens,
//   Σ p (W_v (γ_v ∘ x̂ + β_v) + b_v) = W_v (γ_v ∘ Σ p x̂ + β_v) + b_v, because Σ p = 1,
// for each head with its rows of W. What is the same for all tokens, softmax takes out again: β_k and b_k change nothing,
// and their gradients are zero. They are kept with the factor 0, so that a gradient reaches them.
// Two products of [heads, width] with the tokens instead of two of [tokens, width] × [width, width] per sample.

import type { GraphBuilder, GraphModel, Value } from "@internvit/model-core";
import {
  add,
  layerNormalization,
  matMul,
  mul,
  reshape,
  softmax,
  transpose,
} from "@internvit/model-core/onnx";

import { floats } from "../floats.ts";
import { scale } from "../ops/elementwise.ts";
import { product } from "../product.ts";
import { floatAttribute } from "../rule.ts";
import { sizeOf } from "../sizes.ts";
import { swapped } from "../transposed.ts";
import { graphReader } from "./graph-reader.ts";
import { replaceNode, type RewriteOptions } from "./rewrite.ts";
import { type SingleQueryPooling, singleQueryPooling } from "./single-query-pooling.ts";
import type { TokenProjection } from "./token-projection.ts";

/**
 * Writes every attention of one query per sample over projected tokens without projecting the tokens. Tokens
 * may be trained. Left as they are: keys, values or attention weights that anything else reads or gradients are asked for.
 * A graph without such a place is returned itself. Values that are no outputs and are no longer needed go.
 *
 * @throws ModelError `not-found` for a name of `withRespectTo` that is not in the graph
 */
export function collapseSingleQueryPooling(
  model: GraphModel,
  options: RewriteOptions = {},
): GraphModel {
  let result = model;
  for (;;) {
    const pooling = firstPooling(result, options);
    if (pooling === undefined) return result;
    result = replaceNode(result, pooling.node, (graph) =>
      graph.scope(`${pooling.node.name}/collapsed`, () => collapsed(graph, pooling)),
    );
  }
}

function firstPooling(
  { graph }: GraphModel,
  { withRespectTo = [] }: RewriteOptions,
): SingleQueryPooling | undefined {
  const reader = graphReader(graph, withRespectTo);
  // Throws for a name that is not there.
  for (const name of withRespectTo) reader.value(name);
  for (const node of graph.nodes) {
    const pooling = singleQueryPooling(reader, node);
    if (pooling !== undefined) return pooling;
  }
  return undefined;
}

/** The result of the pooling, [samples, heads, 1, value width]. */
function collapsed(graph: GraphBuilder, pooling: SingleQueryPooling): Value {
  const { key, value, samples, heads } = pooling;
  const plain = { graph, fusedMatMul: false };
  const keyTokens = tokensOf(graph, pooling, key);
  const valueTokens =
    key.norm?.epsilon === value.norm?.epsilon ? keyTokens : tokensOf(graph, pooling, value);

  const queries = queriesByHead(graph, pooling);
  const directions = scaledBy(
    graph,
    matMul(graph, queries, weightByHead(graph, pooling, key)),
    keyGain(graph, key),
  );
  const scores = product(plain, [transpose(graph, directions, [1, 0, 2]), keyTokens], {
    transposeRight: true,
  });
  const pooled = matMul(graph, softmax(graph, scores), valueTokens);

  const weighted = scaledBy(graph, pooled, value.norm?.weight);
  const mixed = plus(graph, weighted, value.norm?.bias);
  const projected = product(
    plain,
    [transpose(graph, mixed, [1, 0, 2]), weightByHead(graph, pooling, value)],
    { transposeRight: true },
  );
  const width = sizeOf(projected, -1);
  const result = reshape(graph, transpose(graph, projected, [1, 0, 2]), [samples, heads, 1, width]);
  const bias = value.bias && reshape(graph, value.bias, [1, heads, 1, width]);
  return plus(graph, result, bias);
}

/** [heads, samples or 1, key width]; b_k is in it, times 0. */
function queriesByHead(graph: GraphBuilder, { query, key, heads }: SingleQueryPooling): Value {
  const [samples = 1, , , width = 1] = query.shape;
  const bias = key.bias && reshape(graph, scale(graph, key.bias, 0), [1, heads, 1, width]);
  const kept = reshape(graph, plus(graph, query, bias), [samples, heads, width]);
  return transpose(graph, kept, [1, 0, 2]);
}

/** γ_k; β_k is in it, times 0. */
function keyGain(graph: GraphBuilder, { norm }: TokenProjection): Value | undefined {
  return norm && plus(graph, norm.weight, norm.bias && scale(graph, norm.bias, 0));
}

/** A projection's weight, [heads, hidden / heads, width]. */
function weightByHead(
  graph: GraphBuilder,
  { heads }: SingleQueryPooling,
  { weight, transposed }: TokenProjection,
): Value {
  const rows = transposed ? weight : swapped(graph, weight);
  return reshape(graph, rows, [heads, sizeOf(rows, 0) / heads, sizeOf(rows, 1)]);
}

/** What a projection sees of the tokens before its norm's weight and bias: [samples, tokens, width]. */
function tokensOf(
  graph: GraphBuilder,
  { node, samples, count }: SingleQueryPooling,
  { tokens, norm }: TokenProjection,
): Value {
  const width = sizeOf(tokens, -1);
  const sizes = [samples, count, width];
  const shaped = tokens.shape.join() === sizes.join() ? tokens : reshape(graph, tokens, sizes);
  if (norm === undefined) return shaped;
  const constant = (value: number): Value =>
    floats(graph, tokens, { shape: [width], data: new Float32Array(width).fill(value) });
  const plain = { weight: constant(1), bias: constant(0), epsilon: norm.epsilon };
  // Heads on the same tokens share it; what stands before the pooling may be read.
  const before = graph.nodes.slice(
    0,
    graph.nodes.findIndex(({ name }) => name === node.name),
  );
  const inputs = [shaped, plain.weight, plain.bias].map(({ name }) => name).join();
  const known = before.find(
    (each) =>
      each.opType === "LayerNormalization" &&
      each.inputs.join() === inputs &&
      floatAttribute(each, "epsilon", 1e-5) === norm.epsilon,
  );
  return known === undefined
    ? layerNormalization(graph, shaped, plain)
    : graph.value(known.outputs[0]!);
}

function scaledBy(graph: GraphBuilder, value: Value, gain: Value | undefined): Value {
  return gain === undefined ? value : mul(graph, value, gain);
}

function plus(graph: GraphBuilder, value: Value, term: Value | undefined): Value {
  return term === undefined ? value : add(graph, value, term);
}

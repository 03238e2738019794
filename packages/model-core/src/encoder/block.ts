// One transformer block (recipes 1.2, steps 5 to 8): pre-norm attention and MLP, each added to the residual stream
// through a layer scale. The stream is kept as "sum so far" and "branch not added yet", so that the addition can be
// fused with the norm that follows it.

import type { LayerWeights } from "../checkpoint/encoder-tensors.ts";
import type { EncoderConfig } from "../config/encoder-config.ts";
import type { Value } from "../onnx/builder.ts";
import {
  multiHeadAttention,
  simplifiedLayerNormalization,
  skipNormalization,
} from "../onnx/ops/contributed.ts";
import { add, mul } from "../onnx/ops/elementwise.ts";
import { reshape, transpose } from "../onnx/ops/layout.ts";
import { matMul } from "../onnx/ops/linear-algebra.ts";
import { layerNormalization, rmsNormalization, softmax } from "../onnx/ops/reduction.ts";
import { linear, linearGelu, type LinearContext, project } from "./linear.ts";
import { affine, type AffineValues, parameter, scaleAffine } from "./parameters.ts";

/** What every part of a block needs. */
export interface BlockContext extends LinearContext {
  readonly config: EncoderConfig;
}

/** The residual stream: `sum + branch + bias`, added when the next norm or the caller needs it. */
export interface Residual {
  readonly sum: Value;
  readonly branch: Value | undefined;
  readonly bias: Value | undefined;
}

/** The residual stream as one value [n, tokens, hidden]. */
export function settle({ graph }: BlockContext, { sum, branch, bias }: Residual): Value {
  if (branch === undefined) return sum;
  return add(graph, sum, bias === undefined ? branch : add(graph, branch, bias));
}

/** Runs one block. `input` is the settled hidden state that goes in: the output of the block before. */
export function block(
  context: BlockContext,
  residual: Residual,
  weights: LayerWeights,
): { readonly input: Value; readonly residual: Residual } {
  const { graph } = context;
  const first = graph.scope("norm1", () =>
    normalize(context, residual, affine(graph, weights.norm1)),
  );
  const attended = graph.scope("attention", () => attention(context, first.normalized, weights));
  const second = graph.scope("norm2", () =>
    normalize(context, { sum: first.sum, ...attended }, affine(graph, weights.norm2)),
  );
  const mapped = graph.scope("mlp", () => mlp(context, second.normalized, weights));
  return { input: first.sum, residual: { sum: second.sum, ...mapped } };
}

type Branch = Pick<Residual, "branch" | "bias">;

function normalize(
  context: BlockContext,
  residual: Residual,
  { weight, bias }: AffineValues,
): { readonly normalized: Value; readonly sum: Value } {
  const { graph, config, fusions } = context;
  const epsilon = config.layerNormEps;
  if (fusions.has("skip-norm") && residual.branch !== undefined) {
    return skipNormalization(
      graph,
      { input: residual.sum, skip: residual.branch, bias: residual.bias },
      { weight, bias, epsilon },
    );
  }
  const sum = settle(context, residual);
  const normalized =
    bias === undefined
      ? rms(context, sum, weight)
      : layerNormalization(graph, sum, { weight, bias, epsilon });
  return { normalized, sum };
}

function rms({ graph, config, fusions }: BlockContext, value: Value, weight: Value): Value {
  const parameters = { weight, epsilon: config.layerNormEps };
  return fusions.has("rms-norm")
    ? simplifiedLayerNormalization(graph, value, parameters)
    : rmsNormalization(graph, value, parameters);
}

/** The last linear map of a branch with its layer scale; its bias stays outside where the next norm adds it. */
function scaledBranch(
  context: BlockContext,
  x: Value,
  parameters: { readonly map: AffineValues; readonly layerScale: Value },
): Branch {
  const { graph, fusions } = context;
  const { map, layerScale } = parameters;
  if (!fusions.has("layer-scale")) {
    return { branch: mul(graph, linear(context, x, map), layerScale), bias: undefined };
  }
  const scaled = scaleAffine(graph, map, layerScale);
  return { branch: project(context, x, scaled.weight), bias: scaled.bias };
}

function attention(context: BlockContext, x: Value, weights: LayerWeights): Branch {
  const { graph, config, fusions } = context;
  let query = linear(context, x, affine(graph, weights.query));
  let key = linear(context, x, affine(graph, weights.key));
  const value = linear(context, x, affine(graph, weights.value));
  // Over the full width, before the heads are split, and RMS whatever norm_type says.
  if (weights.queryNorm !== undefined) {
    query = rms(context, query, parameter(graph, weights.queryNorm));
  }
  if (weights.keyNorm !== undefined) key = rms(context, key, parameter(graph, weights.keyNorm));
  const attended = fusions.has("attention")
    ? multiHeadAttention(graph, { query, key, value }, { heads: config.numAttentionHeads })
    : plainAttention(context, { query, key, value });
  return scaledBranch(context, attended, {
    map: affine(graph, weights.projection),
    layerScale: parameter(graph, weights.layerScale1),
  });
}

/** softmax(q kᵀ / √width) v per head, with the scores [n, heads, tokens, tokens] in memory. */
function plainAttention(
  { graph, config }: BlockContext,
  operands: { readonly query: Value; readonly key: Value; readonly value: Value },
): Value {
  const heads = config.numAttentionHeads;
  const { shape } = operands.query;
  const [batch = 0, tokens = 0, hidden = 0] = shape;
  const width = Number(hidden) / heads;
  const split = (value: Value, order: readonly number[]): Value =>
    transpose(graph, reshape(graph, value, [batch, tokens, heads, width]), order);
  const scale = graph.constant({
    dtype: "float32",
    shape: [],
    data: Float32Array.of(width ** -0.5),
  });
  const query = mul(graph, split(operands.query, [0, 2, 1, 3]), scale);
  const scores = matMul(graph, query, split(operands.key, [0, 2, 3, 1]));
  const mixed = matMul(graph, softmax(graph, scores), split(operands.value, [0, 2, 1, 3]));
  return reshape(graph, transpose(graph, mixed, [0, 2, 1, 3]), shape);
}

function mlp(context: BlockContext, x: Value, weights: LayerWeights): Branch {
  const { graph } = context;
  const activated = linearGelu(context, x, affine(graph, weights.fc1));
  return scaledBranch(context, activated, {
    map: affine(graph, weights.fc2),
    layerScale: parameter(graph, weights.layerScale2),
  });
}

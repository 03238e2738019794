// One transformer block (recipes 1.2, steps 5 to 8): pre-norm attention and MLP, each added to the residual stream
// through a layer scale. The stream is kept as "sum so far" and "branch not added yet", so that the addition can be
// fused with the norm that follows it.

import type { LayerWeights, SpreadSlice, WeightSlice } from "../checkpoint/encoder-tensors.ts";
import type { EncoderConfig } from "../config/encoder-config.ts";
import type { GraphBuilder, Value } from "../onnx/builder.ts";
import {
  multiHeadAttention,
  simplifiedLayerNormalization,
  skipNormalization,
} from "../onnx/ops/contributed.ts";
import { add, cast, mul } from "../onnx/ops/elementwise.ts";
import { concat, gather, reshape, select, slice, transpose } from "../onnx/ops/layout.ts";
import { matMul } from "../onnx/ops/linear-algebra.ts";
import { layerNormalization, rmsNormalization, softmax } from "../onnx/ops/reduction.ts";
import { isConverted, type LinearMap } from "../quantize/linear-map.ts";
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

/**
 * Runs one block. `input` is the settled hidden state that goes in: the output of the block before. With
 * `classTokenOnly` the residual that comes out is [n, 1, hidden]: a token needs the keys and values of all tokens, and
 * nothing else of them.
 */
export function block(
  context: BlockContext,
  residual: Residual,
  layer: {
    readonly weights: LayerWeights<LinearMap>;
    readonly classTokenOnly: boolean;
    /** Factors of the two branches, [2, n, 1, 1]. */
    readonly dropPath: Value | undefined;
  },
): { readonly input: Value; readonly residual: Residual } {
  const { graph } = context;
  const { weights, classTokenOnly, dropPath } = layer;
  const wanted = (tokens: Value): Value =>
    classTokenOnly ? slice(graph, tokens, { axis: 1, start: 0, end: 1 }) : tokens;
  const first = graph.scope("norm1", () =>
    normalize(context, residual, affine(graph, weights.norm1)),
  );
  const attended = graph.scope("attention", () => {
    const tokens = spreadChannels(graph, first.normalized, weights.attentionSpread);
    const branch = attention(context, { from: wanted(tokens), to: tokens }, weights);
    return dropped(graph, branch, dropPath && select(graph, dropPath, { axis: 0, index: 0 }));
  });
  const second = graph.scope("norm2", () =>
    normalize(context, { sum: wanted(first.sum), ...attended }, affine(graph, weights.norm2)),
  );
  const mapped = graph.scope("mlp", () => {
    const branch = mlp(
      context,
      spreadChannels(graph, second.normalized, weights.mlpSpread),
      weights,
    );
    return dropped(graph, branch, dropPath && select(graph, dropPath, { axis: 0, index: 1 }));
  });
  return { input: first.sum, residual: { sum: second.sum, ...mapped } };
}

/** A norm's output with some of its channels once more at the end. */
function spreadChannels(graph: GraphBuilder, x: Value, spread: SpreadSlice | undefined): Value {
  if (spread === undefined) return x;
  return concat(graph, [x, gather(graph, x, { axis: 2, indices: graph.external(spread) })], {
    axis: 2,
  });
}

type Branch = Pick<Residual, "branch" | "bias">;

/** A branch times the factor of each picture, its bias with it. */
function dropped(
  graph: GraphBuilder,
  { branch, bias }: Branch,
  factors: Value | undefined,
): Branch {
  if (factors === undefined || branch === undefined) return { branch, bias };
  const whole = bias === undefined ? branch : add(graph, branch, bias);
  return { branch: mul(graph, whole, factors), bias: undefined };
}

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
  parameters: { readonly map: LinearMap; readonly layerScale: WeightSlice },
): Branch {
  const { graph, fusions } = context;
  const { map } = parameters;
  if (isConverted(map)) return { branch: linear(context, x, map), bias: undefined };
  const layerScale = parameter(graph, parameters.layerScale);
  if (!fusions.has("layer-scale")) {
    return { branch: mul(graph, linear(context, x, map), layerScale), bias: undefined };
  }
  const scaled = scaleAffine(graph, affine(graph, map), layerScale);
  return { branch: project(context, x, scaled.weight), bias: scaled.bias };
}

/** What the tokens `from` [n, m, hidden] find in the tokens `to` [n, tokens, hidden]. */
function attention(
  context: BlockContext,
  { from, to }: { readonly from: Value; readonly to: Value },
  weights: LayerWeights<LinearMap>,
): Branch {
  const { graph, fusions } = context;
  let query = linear(context, from, weights.query);
  let key = linear(context, to, weights.key);
  const value = linear(context, to, weights.value);
  // Over the full width, before the heads are split, and RMS whatever norm_type says.
  if (weights.queryNorm !== undefined) {
    query = rms(context, query, parameter(graph, weights.queryNorm));
  }
  if (weights.keyNorm !== undefined) key = rms(context, key, parameter(graph, weights.keyNorm));
  const half = isConverted(weights.query) && weights.query.form === "float16";
  const dtype = half ? "float16" : "float32";
  // One row of scores is small, and for a single query the fused operator has other kernels than those that the
  // providers' canary (session/probe-graph.ts) checks.
  const attended =
    fusions.has("attention") && from === to
      ? fusedAttention(context, { query, key, value }, dtype)
      : plainAttention(context, { query, key, value }, dtype);
  return scaledBranch(context, attended, {
    map: weights.projection,
    layerScale: weights.layerScale1,
  });
}

interface AttentionOperands {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
}

/** One operator, with its products in `dtype`; float32 in and out. */
function fusedAttention(
  { graph, config }: BlockContext,
  operands: AttentionOperands,
  dtype: "float32" | "float16",
): Value {
  const attended = multiHeadAttention(
    graph,
    {
      query: cast(graph, operands.query, dtype),
      key: cast(graph, operands.key, dtype),
      value: cast(graph, operands.value, dtype),
    },
    { heads: config.numAttentionHeads },
  );
  return cast(graph, attended, "float32");
}

/**
 * softmax(q kᵀ / √width) v per head, with the scores [n, heads, queries, keys] in memory; products in
 * `dtype`, the softmax in float32.
 */
function plainAttention(
  { graph, config }: BlockContext,
  operands: AttentionOperands,
  dtype: "float32" | "float16",
): Value {
  const heads = config.numAttentionHeads;
  const { shape } = operands.query;
  const width = Number(shape[2]) / heads;
  const split = (value: Value, order: readonly number[]): Value => {
    const [batch = 0, tokens = 0] = value.shape;
    return transpose(graph, reshape(graph, value, [batch, tokens, heads, width]), order);
  };
  const scale = graph.constant({
    dtype: "float32",
    shape: [],
    data: Float32Array.of(width ** -0.5),
  });
  const query = mul(graph, split(operands.query, [0, 2, 1, 3]), scale);
  const product = (left: Value, right: Value): Value =>
    cast(graph, matMul(graph, cast(graph, left, dtype), cast(graph, right, dtype)), "float32");
  const scores = product(query, split(operands.key, [0, 2, 3, 1]));
  const mixed = product(softmax(graph, scores), split(operands.value, [0, 2, 1, 3]));
  return reshape(graph, transpose(graph, mixed, [0, 2, 1, 3]), shape);
}

function mlp(context: BlockContext, x: Value, weights: LayerWeights<LinearMap>): Branch {
  const activated = linearGelu(context, x, weights.fc1);
  return scaledBranch(context, activated, {
    map: weights.fc2,
    layerScale: weights.layerScale2,
  });
}

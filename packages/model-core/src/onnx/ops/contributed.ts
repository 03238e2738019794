// Fused operators that ONNX Runtime contributes (domain com.microsoft, and two unofficial ones in ONNX's own
// domain). Each does in one pass what several operators of ONNX do; the plain forms stay in use to check them.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md

import { type GraphBuilder, single, type Value } from "../builder.ts";
import { refuseShapes } from "../shape.ts";

/**
 * Softmax(scale · Q Kᵀ) V for all heads, without the matrix of scores in memory. query, key, value `[n, tokens, C]`,
 * heads are consecutive groups of C/heads channels; result `[n, tokens, C]`. `bias` is the [3C] bias of the three
 * projections, added inside.
 */
export function multiHeadAttention(
  graph: GraphBuilder,
  operands: {
    readonly query: Value;
    readonly key: Value;
    readonly value: Value;
    readonly bias?: Value;
  },
  options: { readonly heads: number },
): Value {
  const { query, key, value, bias } = operands;
  const hidden = query.shape.at(-1);
  const same = [key, value].every(
    (other) =>
      other.shape.length === 3 && other.shape.every((size, axis) => size === query.shape[axis]),
  );
  if (!same || query.shape.length !== 3 || Number(hidden) % options.heads !== 0) {
    refuseShapes("MultiHeadAttention", `equal [n, tokens, ${options.heads} heads × width]`, [
      query.shape,
      key.shape,
      value.shape,
    ]);
  }
  if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== 3 * Number(hidden))) {
    refuseShapes("MultiHeadAttention", "a bias of three times the width", [
      query.shape,
      bias.shape,
    ]);
  }
  const { dtype, shape } = query;
  return single(
    graph.addNode({
      opType: "MultiHeadAttention",
      domain: "com.microsoft",
      inputs: [query, key, value, bias],
      attributes: { num_heads: { kind: "int", value: options.heads } },
      outputs: [{ dtype, shape }],
    }),
  );
}

/**
 * `sum = input + skip + bias`, and the norm of it, in one pass: LayerNorm when `normBias` is given, else RMSNorm.
 */
export function skipNormalization(
  graph: GraphBuilder,
  operands: { readonly input: Value; readonly skip: Value; readonly bias: Value | undefined },
  norm: { readonly weight: Value; readonly bias: Value | undefined; readonly epsilon: number },
): { readonly normalized: Value; readonly sum: Value } {
  const { input, skip, bias } = operands;
  const hidden = input.shape.at(-1);
  const vectors = [bias, norm.weight, norm.bias].filter((vector) => vector !== undefined);
  const fits =
    input.shape.every((size, axis) => size === skip.shape[axis]) &&
    vectors.every((vector) => vector.shape.length === 1 && vector.shape[0] === hidden);
  const opType =
    norm.bias === undefined ? "SkipSimplifiedLayerNormalization" : "SkipLayerNormalization";
  if (!fits) {
    refuseShapes(opType, "two equal inputs and vectors as long as their last axis", [
      input.shape,
      skip.shape,
      ...vectors.map((vector) => vector.shape),
    ]);
  }
  const { dtype, shape } = input;
  const outputs = graph.addNode({
    opType,
    domain: "com.microsoft",
    inputs:
      norm.bias === undefined
        ? [input, skip, norm.weight, bias]
        : [input, skip, norm.weight, norm.bias, bias],
    attributes: { epsilon: { kind: "float", value: norm.epsilon } },
    // Mean and inverse deviation are optional outputs that only training asks for.
    outputs: Array.from({ length: 4 }, () => ({ dtype, shape })),
  });
  const [normalized, , , sum] = outputs as [Value, Value, Value, Value];
  return { normalized, sum };
}

/** RMSNorm over the last axis in one operator (known to ONNX Runtime as "simplified" LayerNorm). */
export function simplifiedLayerNormalization(
  graph: GraphBuilder,
  value: Value,
  parameters: { readonly weight: Value; readonly epsilon: number },
): Value {
  const { dtype, shape } = value;
  if (parameters.weight.shape.length !== 1 || parameters.weight.shape[0] !== shape.at(-1)) {
    refuseShapes("SimplifiedLayerNormalization", "a vector as long as the last axis", [
      shape,
      parameters.weight.shape,
    ]);
  }
  return single(
    graph.addNode({
      opType: "SimplifiedLayerNormalization",
      inputs: [value, parameters.weight],
      attributes: {
        axis: { kind: "int", value: -1 },
        epsilon: { kind: "float", value: parameters.epsilon },
      },
      outputs: [{ dtype, shape }],
    }),
  );
}

/** GELU(value + bias), exact erf form, in one pass. */
export function biasGelu(graph: GraphBuilder, value: Value, bias: Value): Value {
  if (bias.shape.length !== 1 || bias.shape[0] !== value.shape.at(-1)) {
    refuseShapes("BiasGelu", "a vector as long as the last axis", [value.shape, bias.shape]);
  }
  const { dtype, shape } = value;
  return single(
    graph.addNode({
      opType: "BiasGelu",
      domain: "com.microsoft",
      inputs: [value, bias],
      outputs: [{ dtype, shape }],
    }),
  );
}

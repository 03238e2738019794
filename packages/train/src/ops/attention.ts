// softmax(q kᵀ · scale) v, with the weights in memory: the backward pass needs them, and computing them a second time
// is slower than keeping them.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { matMul, softmax } from "@internvit/model-core/onnx";

import { product } from "../product.ts";
import { sizeOf } from "../sizes.ts";
import { scale } from "./elementwise.ts";

/** Attention per head: query `[n, heads, queries, width]`, key and value `[n, heads, keys, width]`. */
export function attention(
  graph: GraphBuilder,
  operands: { readonly query: Value; readonly key: Value; readonly value: Value },
  options: {
    /** Default: width^−½. */
    readonly scale?: number;
    /** Uses ONNX Runtime's FusedMatMul, which WebGPU has not. Default: false. */
    readonly fusedMatMul?: boolean;
  } = {},
): Value {
  const { query, key, value } = operands;
  const { fusedMatMul = false } = options;
  const scaled = scale(graph, query, options.scale ?? sizeOf(query, -1) ** -0.5);
  const scores = product({ graph, fusedMatMul }, [scaled, key], { transposeRight: true });
  return matMul(graph, softmax(graph, scores), value);
}

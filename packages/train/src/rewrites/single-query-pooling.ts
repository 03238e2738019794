// Attention with one query per sample, as `attention` and a head write it: softmax(q kᵀ) v, keys and values each a
// projection of tokens, reshaped to heads and transposed.

import type { GraphNode, Value } from "@internvit/model-core";

import { floatAttribute, intAttribute, intsAttribute } from "../rule.ts";
import type { GraphReader } from "./graph-reader.ts";
import { type TokenProjection, tokenProjection } from "./token-projection.ts";

/** A place where one query looks at many tokens. */
export interface SingleQueryPooling {
  /** The node that gives the result, [samples, heads, 1, value width]. */
  readonly node: GraphNode;
  /** With the scale in it, [samples or 1, heads, 1, key width]. */
  readonly query: Value;
  readonly key: TokenProjection;
  readonly value: TokenProjection;
  readonly samples: number;
  readonly count: number;
  readonly heads: number;
}

/** The pooling whose last node this is, if it is one whose keys, values and weights nothing else reads. */
export function singleQueryPooling(
  reader: GraphReader,
  node: GraphNode,
): SingleQueryPooling | undefined {
  if (node.opType !== "MatMul") return undefined;
  const [weights, values] = [reader.input(node, 0)!, reader.input(node, 1)!];
  const softmax = reader.soleProducer(weights);
  if (softmax?.opType !== "Softmax" || ![-1, 3].includes(intAttribute(softmax, "axis", -1))) {
    return undefined;
  }
  const scores = reader.soleProducer(reader.input(softmax, 0)!);
  const turned = scores && keyPermutation(scores);
  if (turned === undefined) return undefined;
  const [query, keys] = [reader.input(scores!, 0)!, reader.input(scores!, 1)!];
  const key = tokenHeads(reader, keys, turned);
  const value = tokenHeads(reader, values, [0, 2, 1, 3]);
  if (key === undefined || value === undefined) return undefined;
  const [samples, count, heads] = value.sizes;
  const fits =
    key.sizes.slice(0, 3).every((size, axis) => size === value.sizes[axis]) &&
    [query, ...operandsOf(key), ...operandsOf(value)].every(isKnown) &&
    key.projection.tokens.name === value.projection.tokens.name &&
    query.shape.length === 4 &&
    (query.shape[0] === samples || query.shape[0] === 1) &&
    query.shape[1] === heads &&
    query.shape[2] === 1;
  if (!fits) return undefined;
  return {
    node,
    query,
    key: key.projection,
    value: value.projection,
    samples: samples!,
    count: count!,
    heads: heads!,
  };
}

function operandsOf({
  projection: { tokens, weight },
}: {
  readonly projection: TokenProjection;
}): readonly Value[] {
  return [tokens, weight];
}

/** Whether constants of the element type can be written, and all sizes are numbers. */
function isKnown({ dtype, shape }: Value): boolean {
  return (
    (dtype === "float32" || dtype === "float16") && shape.every((size) => typeof size === "number")
  );
}

/** How keys [samples, tokens, heads, width] are turned for this product; undefined if it is none of theirs. */
function keyPermutation(node: GraphNode): readonly number[] | undefined {
  if (node.opType === "MatMul") return [0, 2, 3, 1];
  const only =
    node.opType === "FusedMatMul" &&
    intAttribute(node, "transB", 0) === 1 &&
    floatAttribute(node, "alpha", 1) === 1 &&
    ["transA", "transBatchA", "transBatchB"].every((name) => intAttribute(node, name, 0) === 0);
  return only ? [0, 2, 1, 3] : undefined;
}

/** A projection of tokens by heads, [samples, tokens, heads, width], before its axes are turned. */
function tokenHeads(
  reader: GraphReader,
  value: Value,
  permutation: readonly number[],
): { readonly sizes: readonly number[]; readonly projection: TokenProjection } | undefined {
  const turn = reader.soleProducer(value);
  if (turn?.opType !== "Transpose") return undefined;
  if (intsAttribute(turn, "perm", []).join() !== permutation.join()) return undefined;
  const parted = reader.input(turn, 0)!;
  const reshape = reader.soleProducer(parted);
  const sizes = parted.shape.filter((size) => typeof size === "number");
  const [, , heads = 0, width = 0] = sizes;
  if (reshape?.opType !== "Reshape" || sizes.length !== 4 || parted.shape.length !== 4)
    return undefined;
  const whole = reader.input(reshape, 0)!;
  if (whole.shape.at(-1) !== heads * width) return undefined;
  const projection = tokenProjection(reader, whole);
  return projection && { sizes, projection };
}

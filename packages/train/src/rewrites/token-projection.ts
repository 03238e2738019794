// An affine map of tokens, x W + b, of tokens as they are or of their LayerNormalization: MatMul and Add, MatMul alone, or
// Gemm over the rows of all samples.

import type { GraphNode, Value } from "@internvit/model-core";

import { floatAttribute, intAttribute } from "../rule.ts";
import type { GraphReader } from "./graph-reader.ts";

/** What a projection consists of. */
export interface TokenProjection {
  /** [..., width]. */
  readonly tokens: Value;
  /** The LayerNormalization of the tokens, where there is one; weight and bias are [width]. */
  readonly norm:
    | { readonly weight: Value; readonly bias: Value | undefined; readonly epsilon: number }
    | undefined;
  /** [width, hidden], or [hidden, width] where `transposed`. */
  readonly weight: Value;
  readonly transposed: boolean;
  /** `hidden` elements. */
  readonly bias: Value | undefined;
}

/** The projection that gives a value [..., hidden], if it is one and is used for nothing else. */
export function tokenProjection(reader: GraphReader, value: Value): TokenProjection | undefined {
  const rows = withoutReshapes(value, reader.soleProducer, reader);
  const node = reader.soleProducer(rows);
  if (node?.opType !== "Add") return productOfTokens(reader, rows);
  const [left, right] = [reader.input(node, 0)!, reader.input(node, 1)!];
  return biased(reader, left, right) ?? biased(reader, right, left);
}

function biased(reader: GraphReader, value: Value, bias: Value): TokenProjection | undefined {
  const rows = withoutReshapes(value, reader.soleProducer, reader);
  const product = productOfTokens(reader, rows);
  if (product === undefined || product.bias !== undefined) return undefined;
  return isVector(bias, rows.shape.at(-1)) ? { ...product, bias } : undefined;
}

function productOfTokens(reader: GraphReader, rows: Value): TokenProjection | undefined {
  const node = reader.soleProducer(rows);
  if (node === undefined || !isPlainProduct(node)) return undefined;
  const [left, weight] = [reader.input(node, 0)!, reader.input(node, 1)!];
  const bias = reader.input(node, 2);
  if (weight.shape.length !== 2) return undefined;
  if (bias !== undefined && !isVector(bias, rows.shape.at(-1))) return undefined;
  const transposed = intAttribute(node, "transB", 0) === 1;
  return { ...normalizedTokens(reader, left), weight, transposed, bias };
}

function isPlainProduct(node: GraphNode): boolean {
  if (node.opType === "MatMul") return true;
  return (
    node.opType === "Gemm" &&
    intAttribute(node, "transA", 0) === 0 &&
    floatAttribute(node, "alpha", 1) === 1 &&
    floatAttribute(node, "beta", 1) === 1
  );
}

function normalizedTokens(
  reader: GraphReader,
  value: Value,
): Pick<TokenProjection, "tokens" | "norm"> {
  const tokens = withoutReshapes(value, reader.producer, reader);
  const node = reader.producer(tokens);
  const axis = node && intAttribute(node, "axis", -1);
  if (node?.opType !== "LayerNormalization" || (axis !== -1 && axis !== tokens.shape.length - 1)) {
    return { tokens, norm: undefined };
  }
  return {
    tokens: withoutReshapes(reader.input(node, 0)!, reader.producer, reader),
    norm: {
      weight: reader.input(node, 1)!,
      bias: reader.input(node, 2),
      epsilon: floatAttribute(node, "epsilon", 1e-5),
    },
  };
}

/** What was reshaped, as long as the last axis stays: the same rows in the same order. */
function withoutReshapes(
  value: Value,
  producer: GraphReader["producer"],
  reader: GraphReader,
): Value {
  const node = producer(value);
  const source = node?.opType === "Reshape" ? reader.input(node, 0)! : value;
  if (source === value || source.shape.at(-1) !== value.shape.at(-1)) return value;
  return withoutReshapes(source, producer, reader);
}

/** Whether a value is one row of this length, whatever axes of size 1 stand before it. */
function isVector({ shape }: Value, length: unknown): boolean {
  return shape.at(-1) === length && shape.slice(0, -1).every((size) => size === 1);
}

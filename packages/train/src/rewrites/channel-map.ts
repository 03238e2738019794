// A linear map of channels in a finished graph: Gemm over rows [n, channels], or a 1×1 convolution of maps
// [n, channels, h, w].

import type { GraphNode, Value } from "@internvit/model-core";

import { floatAttribute, intAttribute, intsAttribute } from "../rule.ts";
import type { GraphReader } from "./graph-reader.ts";

/** What a linear map of channels reads. */
export interface ChannelMap {
  readonly node: GraphNode;
  /** [n, channels] or [n, channels, h, w]. */
  readonly input: Value;
  /** [channels, outputs], or [outputs, channels] where `transposed`; [outputs, channels, 1, 1] of a convolution. */
  readonly weight: Value;
  readonly transposed: boolean;
  /** `outputs` elements. */
  readonly bias: Value | undefined;
}

/** The map that a node computes; undefined if it is none, or of sizes that are known only at run time. */
export function channelMap(reader: GraphReader, node: GraphNode): ChannelMap | undefined {
  const transposed = isRowsByWeight(node);
  if (transposed === undefined) return undefined;
  const [input, weight] = [reader.input(node, 0)!, reader.input(node, 1)!];
  const bias = reader.input(node, 2);
  const outputs = weight.shape[transposed ? 0 : 1];
  const fits =
    [...input.shape, ...weight.shape].every((size) => typeof size === "number") &&
    weight.shape.slice(2).every((size) => size === 1) &&
    (bias === undefined || isVector(bias, outputs));
  return fits ? { node, input, weight, transposed, bias } : undefined;
}

/** Whether a node multiplies its input's channels with [outputs, channels] (true) or [channels, outputs] (false). */
function isRowsByWeight(node: GraphNode): boolean | undefined {
  if (node.opType === "Conv") {
    const plain =
      node.attributes["auto_pad"] === undefined &&
      intAttribute(node, "group", 1) === 1 &&
      intsAttribute(node, "strides", [1, 1]).every((step) => step === 1) &&
      intsAttribute(node, "pads", []).every((amount) => amount === 0);
    return plain ? true : undefined;
  }
  const plain =
    node.opType === "Gemm" &&
    intAttribute(node, "transA", 0) === 0 &&
    floatAttribute(node, "alpha", 1) === 1 &&
    floatAttribute(node, "beta", 1) === 1;
  return plain ? intAttribute(node, "transB", 0) === 1 : undefined;
}

/** Whether a value is one row of this length, whatever axes of size 1 stand before it. */
function isVector({ shape }: Value, length: unknown): boolean {
  return shape.at(-1) === length && shape.slice(0, -1).every((size) => size === 1);
}

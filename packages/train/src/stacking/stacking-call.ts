// What the stacked form of an operator is written from.

import type { GraphBuilder, GraphNode, Value } from "@internvit/model-core";
import { reshape } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import { sizesOf } from "../sizes.ts";

/** A value of the small graph in the large one. */
export interface Stackable {
  /** `[heads, …]` where it is stacked, else as in the small graph. */
  readonly value: Value;
  readonly stacked: boolean;
}

/** One operator call of which some input is stacked. */
export interface StackingCall {
  /** Where the stacked form is written. */
  readonly graph: GraphBuilder;
  readonly heads: number;
  readonly node: GraphNode;
  /** The inputs; undefined where one is left out. */
  readonly inputs: readonly (Stackable | undefined)[];
  /** The outputs for one head. */
  readonly outputs: readonly Value[];
}

/** Writes an operator for stacked inputs; gives its outputs, all `[heads, …]`. */
export type StackingRule = (call: StackingCall) => readonly Value[];

/**
 * An input with so many axes beside that of heads: ones are put in behind the heads, where broadcasting would put them for
 * one head.
 */
export function withRank(
  { graph, heads, inputs }: StackingCall,
  index: number,
  rank: number,
): Value {
  const { value, stacked } = inputs[index]!;
  if (!stacked) return value;
  const own = sizesOf(value).slice(1);
  if (own.length === rank) return value;
  const ones = Array.from({ length: rank - own.length }, () => 1);
  return reshape(graph, value, [heads, ...ones, ...own]);
}

/** The refusal of a form that cannot be stacked. */
export function notStacked({ name, opType }: GraphNode, what: string): TrainError {
  return new TrainError(
    "unsupported",
    `${opType} (${name}): ${what} has no form for stacked heads; take the layout "separate"`,
    { subject: name },
  );
}

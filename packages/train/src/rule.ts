// What a gradient rule is. A rule gets one operator call with the gradients of its outputs and says, per input, how the
// gradient of that input is built. It says so with functions: only those are called whose gradient somebody needs, so a
// frozen weight never costs a node. A rule may leave a gradient in a shape that the input broadcasts to; the caller sums
// it back, in one place (sum-to.ts).

import type { GraphBuilder, GraphNode, Value } from "@internvit/model-core";

import { TrainError } from "./errors.ts";

/** One operator call that is differentiated. */
export interface RuleCall {
  /** Where the gradient's nodes go. */
  readonly graph: GraphBuilder;
  readonly node: GraphNode;
  /** An input by its place; throws TrainError `unsupported` when the node leaves it out. */
  readonly input: (index: number) => Value;
  /** The first output. */
  readonly output: Value;
  /** The gradient of the first output, in its shape. Undefined only for the operators of MULTIPLE_OUTPUTS. */
  readonly upstream: Value;
  /** The gradient of each output; undefined where the loss does not depend on it. */
  readonly upstreams: readonly (Value | undefined)[];
  /** Whether ONNX Runtime's own FusedMatMul may be used. */
  readonly fusedMatMul: boolean;
}

/** How the gradient of each input is built; undefined for an input that has none, such as indices. */
export type InputGradients = readonly ((() => Value) | undefined)[];

/** The gradient of an operator. */
export type GradientRule = (call: RuleCall) => InputGradients;

/** A rule's refusal, with operator and node in the message. */
export function unsupportedForm({ node }: Pick<RuleCall, "node">, what: string): TrainError {
  return new TrainError(
    "unsupported",
    `${node.opType} (${node.name}): ${what} has no gradient here`,
    {
      subject: node.name,
    },
  );
}

/** An integer attribute. */
export function intAttribute(node: GraphNode, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  return attribute?.kind === "int" ? attribute.value : fallback;
}

/** A list of integers among the attributes. */
export function intsAttribute(
  node: GraphNode,
  name: string,
  fallback: readonly number[],
): readonly number[] {
  const attribute = node.attributes[name];
  return attribute?.kind === "ints" ? attribute.value : fallback;
}

/** A float attribute. */
export function floatAttribute(node: GraphNode, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  return attribute?.kind === "float" ? attribute.value : fallback;
}

/** A text among the attributes. */
export function stringAttribute(node: GraphNode, name: string, fallback: string): string {
  const attribute = node.attributes[name];
  return attribute?.kind === "string" ? attribute.value : fallback;
}

/**
 * The numbers of a constant input (axes, starts, pads); undefined when the input is left out.
 *
 * @throws TrainError `unsupported` when they are computed by the graph.
 */
export function constantInput(call: RuleCall, index: number): readonly number[] | undefined {
  const name = call.node.inputs[index];
  if (name === undefined || name === "") return undefined;
  const tensor = call.graph.tensor(call.graph.value(name));
  if (tensor === undefined) throw unsupportedForm(call, `input ${index} that is no constant`);
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

// Reverse-mode differentiation of a graph, in the graph. From what is differentiated backwards, each node's rule turns
// the gradients of its outputs into those of its inputs. Two passes say what is built: forwards, which values depend on
// what is differentiated with respect to ("active"); backwards, which of those the loss depends on. Only where both hold
// a rule is asked, and of it only the gradients of active inputs: what is frozen costs nothing.

import type { Dtype, GraphBuilder, GraphNode, Value } from "@internvit/model-core";
import { add, formatShape } from "@internvit/model-core/onnx";

import { TrainError } from "./errors.ts";
import { floats } from "./floats.ts";
import { recomputation, type RecomputedSpan } from "./recompute/recomputation.ts";
import { type RuleCall, unsupportedForm } from "./rule.ts";
import { MULTIPLE_OUTPUTS, ruleOf } from "./rules/rules.ts";
import { sizesOf } from "./sizes.ts";
import { stopsGradient } from "./stop-gradient.ts";
import { sumTo } from "./sum-to.ts";
import { unexpanded } from "./unexpanded.ts";

/** What is differentiated. */
export interface GradientSource {
  readonly value: Value;
  /** The gradient that comes from outside, in the shape of `value`; default 1, for a value with one element. */
  readonly upstream?: Value;
}

/** Options of `gradients`. */
export interface GradientsOptions {
  /** Values of the graph: parameters, or anything that they depend on. Floats, with fixed shapes. */
  readonly withRespectTo: readonly Value[];
  /**
   * Writes products of stacks of matrices with ONNX Runtime's FusedMatMul, which CPU and CUDA have and WebGPU has not.
   * Default: false; ONNX Runtime fuses most of them itself on the CPU.
   */
  readonly fusedMatMul?: boolean;
  /**
   * Spans of the graph whose values the backward pass computes a second time instead of keeping those of the forward pass:
   * less memory, more work. `encoderBlocks`, `largeActivations` and `gelus` find some. Default: none.
   */
  readonly recompute?: readonly RecomputedSpan[];
}

/**
 * Adds the gradient of a loss (or of the sum of several values, each times its upstream gradient) to a graph.
 *
 * @returns one value for each of `withRespectTo`, in its shape
 * @throws TrainError `unsupported` for an operator without a rule, `unreached` for a value that the loss does not depend
 * on, `mismatch` for an upstream gradient of another shape
 */
export function gradients(
  graph: GraphBuilder,
  of: Value | readonly GradientSource[],
  options: GradientsOptions,
): readonly Value[] {
  const { withRespectTo, fusedMatMul = false, recompute: spans = [] } = options;
  // The rules add nodes while this list is walked.
  const nodes = [...graph.nodes];
  const backwardNode = recomputation(graph, { nodes, spans });
  const active = activeValues(graph, { nodes, withRespectTo });
  const sums = new Map<string, Value>();
  const accumulate = (value: Value, gradient: Value): void => {
    const part = sumTo(graph, gradient, sizesOf(value));
    const sum = sums.get(value.name);
    sums.set(
      value.name,
      sum === undefined
        ? part
        : add(graph, unexpanded(graph, sum, part), unexpanded(graph, part, sum)),
    );
  };

  return graph.scope("gradient", () => {
    for (const source of sourcesOf(of)) accumulate(source.value, upstreamOf(graph, source));
    for (const node of nodes.toReversed()) {
      const upstreams = node.outputs.map((name) => sums.get(name));
      const wanted = node.inputs.map((name) => active.has(name));
      const arrived = upstreams.find((value) => value !== undefined);
      if (arrived === undefined || !wanted.includes(true) || stopsGradient(node)) continue;
      const computed = backwardNode(node, arrived);
      graph.scope(node.name, () => {
        const call = ruleCall(graph, computed, { upstreams, fusedMatMul });
        for (const [index, build] of inputGradients(call, wanted)) {
          accumulate(graph.value(node.inputs[index]!), build());
        }
      });
    }
    return withRespectTo.map(({ name }) => sums.get(name) ?? unreached(name));
  });
}

function sourcesOf(of: Value | readonly GradientSource[]): readonly GradientSource[] {
  return "name" in of ? [{ value: of }] : of;
}

function upstreamOf(graph: GraphBuilder, { value, upstream }: GradientSource): Value {
  const sizes = sizesOf(value);
  if (upstream === undefined) {
    if (sizes.every((size) => size === 1)) {
      return floats(graph, value, { shape: sizes, data: Float32Array.of(1) });
    }
    throw new TrainError(
      "mismatch",
      `${value.name}: a loss has one element, got ${formatShape(sizes)}; other values need an upstream gradient`,
      { subject: value.name },
    );
  }
  if (formatShape(upstream.shape) !== formatShape(sizes)) {
    throw new TrainError(
      "mismatch",
      `the upstream gradient ${upstream.name} of ${value.name} must have its shape ${formatShape(sizes)}, got ${formatShape(upstream.shape)}`,
      { subject: upstream.name },
    );
  }
  return upstream;
}

function unreached(name: string): never {
  throw new TrainError("unreached", `the loss does not depend on ${name}`, { subject: name });
}

const FLOATS: ReadonlySet<Dtype> = new Set<Dtype>(["float32", "float16", "bfloat16", "float64"]);

/** Names of all float values that depend on those of `withRespectTo`. */
export function activeValues(
  graph: Pick<GraphBuilder, "value">,
  { nodes, withRespectTo }: { nodes: readonly GraphNode[]; withRespectTo: readonly Value[] },
): ReadonlySet<string> {
  const active = new Set(withRespectTo.map(({ name }) => name));
  for (const node of nodes) {
    if (stopsGradient(node) || !node.inputs.some((name) => active.has(name))) continue;
    for (const name of node.outputs) if (FLOATS.has(graph.value(name).dtype)) active.add(name);
  }
  return active;
}

function ruleCall(
  graph: GraphBuilder,
  node: GraphNode,
  context: Pick<RuleCall, "upstreams" | "fusedMatMul">,
): RuleCall {
  const input = (index: number): Value => {
    const name = node.inputs[index];
    if (name) return graph.value(name);
    throw unsupportedForm({ node }, `a call without input ${index}`);
  };
  const [upstream, ...others] = context.upstreams;
  if (others.some((value) => value !== undefined) && !MULTIPLE_OUTPUTS.has(node.opType)) {
    throw unsupportedForm({ node }, "another output than the first");
  }
  const output = graph.value(node.outputs[0]!);
  return { graph, node, input, output, upstream: upstream as Value, ...context };
}

/** The builders of the gradients that are wanted. */
function inputGradients(
  call: RuleCall,
  wanted: readonly boolean[],
): readonly (readonly [number, () => Value])[] {
  const { node } = call;
  const rule = ruleOf(node);
  if (rule === undefined) {
    throw new TrainError(
      "unsupported",
      `${node.opType} (${node.name}) has no gradient rule; the loss depends on a parameter through it`,
      { subject: node.name },
    );
  }
  const built = rule(call);
  return wanted.flatMap((needed, index) => {
    if (!needed) return [];
    const build = built[index];
    if (build !== undefined) return [[index, build] as const];
    // A square: its one term stands for both inputs.
    if (node.inputs.indexOf(node.inputs[index]!) < index) return [];
    throw unsupportedForm(call, `input ${index}`);
  });
}

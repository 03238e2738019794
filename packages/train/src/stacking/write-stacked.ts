// One small graph computed for several heads at once: values that differ from head to head get an axis of heads in
// front, and every operator its form for that (what JAX calls vmap). What is the same for all heads is computed once.

import type { Graph, GraphBuilder, GraphNode } from "@internvit/model-core";

import { notStacked, type Stackable, type StackingRule } from "./stacking-call.ts";
import { STACKING_RULES } from "./stacking-rules.ts";

/**
 * Writes the graph of one head for all; `inputs` are its inputs, and what it reads beside them are values of the target.
 * Gives its outputs by name.
 *
 * @throws TrainError `unsupported` for an operator without a stacked form
 */
export function writeStacked(
  target: GraphBuilder,
  {
    graph,
    heads,
    inputs,
  }: {
    readonly graph: Graph;
    readonly heads: number;
    readonly inputs: ReadonlyMap<string, Stackable>;
  },
): ReadonlyMap<string, Stackable> {
  const values = new Map(inputs);
  const known = new Map([...graph.values, ...graph.outputs].map((value) => [value.name, value]));
  for (const initializer of graph.initializers) {
    const value =
      initializer.kind === "inline"
        ? target.constant(initializer.tensor)
        : target.external(initializer);
    values.set(initializer.name, { value, stacked: false });
  }
  for (const node of graph.nodes) {
    const read = node.inputs.map((name) =>
      name === "" ? undefined : (values.get(name) ?? { value: target.value(name), stacked: false }),
    );
    const outputs = node.outputs.map((name) => known.get(name)!);
    const stacked = read.some((input) => input?.stacked === true);
    const written = stacked
      ? ruleOf(node)({ graph: target, heads, node, inputs: read, outputs })
      : target.addNode({ ...node, inputs: read.map((input) => input?.value), outputs });
    for (const [at, name] of node.outputs.entries()) {
      values.set(name, { value: written[at]!, stacked });
    }
  }
  return new Map(graph.outputs.map(({ name }) => [name, values.get(name)!]));
}

function ruleOf(node: GraphNode): StackingRule {
  const rule = node.domain === "" ? STACKING_RULES.get(node.opType) : undefined;
  if (rule === undefined) throw notStacked(node, "this operator");
  return rule;
}

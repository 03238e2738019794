// Activations computed a second time for the backward pass, so that they need not be kept from the first (Chen et al.,
// "Training deep nets with sublinear memory cost", arXiv:1604.06174). The caller names spans of the graph, in a
// transformer from the residual stream before a block to that behind it. Of what lies in a span, only what depends on its
// start is computed again, from there and when the first gradient has arrived in the span (tie.ts). Anything else is
// taken as it is: weights, masks, values from before. So any spans are right; how much memory they save is another
// question. What the forward pass gives, running statistics for example, comes from the first computation alone.

import type { GraphBuilder, GraphNode, Value } from "@internvit/model-core";

import { TrainError } from "../errors.ts";
import { tie } from "./tie.ts";

/** A part of a graph that is computed again for the backward pass: what depends on `from`, up to `to`. */
export interface RecomputedSpan {
  readonly from: Value;
  readonly to: Value;
}

/** Finds what of a graph is computed again. */
export type SpanFinder = (graph: GraphBuilder) => readonly RecomputedSpan[];

/** The node whose values a rule may use in the place of those of `node`, whose gradient `upstream` has arrived. */
export type BackwardNode = (node: GraphNode, upstream: Value) => GraphNode;

/** The nodes of a span. */
interface Segment {
  readonly start: Value;
  readonly nodes: readonly GraphNode[];
}

/**
 * Second copies of the nodes in spans, those of a span when the first of its nodes is asked for; other nodes are given
 * back themselves.
 *
 * @param options.nodes the forward pass
 * @throws TrainError `invalid-argument` for a span whose end does not depend on its start
 */
export function recomputation(
  graph: GraphBuilder,
  options: { readonly nodes: readonly GraphNode[]; readonly spans: readonly RecomputedSpan[] },
): BackwardNode {
  const { nodes, spans } = options;
  const places = new Map(nodes.flatMap(({ outputs }, at) => outputs.map((name) => [name, at + 1])));
  const segments = new Map<GraphNode, Segment>();
  for (const { from, to } of spans) {
    // Inputs and constants are there before the first node.
    const between = nodes.slice(places.get(from.name) ?? 0, places.get(to.name) ?? 0);
    const segment = { start: from, nodes: dependentNodes(between, from) };
    if (segment.nodes.at(-1)?.outputs.includes(to.name) !== true) {
      throw new TrainError(
        "invalid-argument",
        `expected a span to recompute, got ${from.name} to ${to.name}, which does not depend on it`,
        { subject: to.name },
      );
    }
    for (const node of segment.nodes) segments.set(node, segment);
  }
  const copies = new Map<GraphNode, GraphNode>();
  return (node, upstream) => {
    const segment = segments.get(node);
    if (segment === undefined) return node;
    if (!copies.has(node)) {
      for (const [from, copy] of copiesOf(graph, segment, upstream)) copies.set(from, copy);
    }
    return copies.get(node)!;
  };
}

function dependentNodes(nodes: readonly GraphNode[], start: Value): readonly GraphNode[] {
  const dependent = new Set([start.name]);
  return nodes.filter(({ inputs, outputs }) => {
    if (!inputs.some((name) => dependent.has(name))) return false;
    for (const name of outputs) dependent.add(name);
    return true;
  });
}

function copiesOf(
  graph: GraphBuilder,
  { start, nodes }: Segment,
  upstream: Value,
): ReadonlyMap<GraphNode, GraphNode> {
  const copies = new Map<GraphNode, GraphNode>();
  graph.scope("recomputed", () => {
    const again = new Map([[start.name, tie(graph, start, upstream)]]);
    for (const node of nodes) {
      const { opType, domain, attributes, inputs, outputs } = node;
      // Under the scope of the node: what a scope says (stopGradient) holds for the copy, too.
      const scope = node.name.slice(0, Math.max(node.name.lastIndexOf("/"), 0)) || "graph";
      const values = graph.scope(scope, () =>
        graph.addNode({
          opType,
          domain,
          attributes,
          inputs: inputs.map((name) =>
            name === "" ? undefined : (again.get(name) ?? graph.value(name)),
          ),
          outputs: outputs.map((name) => graph.value(name)),
        }),
      );
      for (const [index, value] of values.entries()) again.set(outputs[index]!, value);
      copies.set(node, graph.producer(values[0]!)!);
    }
  });
  return copies;
}

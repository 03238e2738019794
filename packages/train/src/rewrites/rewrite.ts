// What a rewrite is, and how a value of a finished graph is replaced by what a builder writes.

import {
  createGraphBuilder,
  type GraphBuilder,
  type GraphModel,
  type GraphNode,
  type Value,
} from "@internvit/model-core";

/** What a rewrite is told beside the graph. */
export interface RewriteOptions {
  /** Names of the values that gradients will be asked for. Default: none. */
  readonly withRespectTo?: readonly string[];
}

/**
 * A graph that computes the same outputs, and gives the same gradients, in another way; the same object where there is
 * nothing to change. The graph that is given stays as it is.
 */
export type GraphRewrite = (model: GraphModel, options?: RewriteOptions) => GraphModel;

/**
 * Puts what `build` writes in the place of a node with one output, whose name the new value takes. `build` may read what
 * stands before that node. Nodes that are no longer needed go.
 */
export function replaceNode(
  { graph }: GraphModel,
  node: GraphNode,
  build: (builder: GraphBuilder) => Value,
): GraphModel {
  const builder = createGraphBuilder(graph);
  const known = new Set(graph.nodes.map(({ name }) => name));
  const result = build(builder);
  // An output of its own keeps what was added when the graph is finished.
  builder.output(`${node.name}/replaced`, result);
  const both = builder.finish(graph.name).graph;
  const added = both.nodes.filter(({ name }) => !known.has(name)).slice(0, -1);
  const named = (name: string): string => (name === result.name ? node.outputs[0]! : name);
  const replacement = added.map((each) => ({ ...each, outputs: each.outputs.map(named) }));
  const nodes = both.nodes
    .filter(({ name }) => known.has(name))
    .flatMap((each) => (each.name === node.name ? replacement : [each]));
  return createGraphBuilder({ ...both, nodes, outputs: graph.outputs }).finish(graph.name);
}

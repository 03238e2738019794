// Rewrites on a graph that is still being built. They take finished graphs, so the graph is finished with an output for
// each value that is needed later, rewritten, and built on from there: the values keep their names.

import { createGraphBuilder, type GraphBuilder, type Value } from "@internvit/model-core";

import type { GraphRewrite } from "../rewrites/rewrite.ts";
import { forwardName } from "./names.ts";

/** A builder that goes on from the rewritten graph; the builder that is given is the caller's no longer. */
export function rewritten(
  graph: GraphBuilder,
  options: {
    readonly rewrites: readonly GraphRewrite[];
    /** What is needed later. */
    readonly values: readonly Value[];
    /** Names of what is differentiated with respect to. */
    readonly withRespectTo: readonly string[];
  },
): GraphBuilder {
  const { rewrites, values, withRespectTo } = options;
  if (rewrites.length === 0) return graph;
  const names = new Set(values.map(({ name }) => name));
  for (const name of names) graph.output(forwardName(name), graph.value(name));
  const finished = graph.finish("forward");
  const { graph: result } = rewrites.reduce(
    (model, rewrite) => rewrite(model, { withRespectTo }),
    finished,
  );
  const ends = new Set(result.outputs.map(({ name }) => name));
  const nodes = result.nodes.filter(({ outputs: [name = ""] }) => !ends.has(name));
  return createGraphBuilder({ ...result, nodes, outputs: [] });
}

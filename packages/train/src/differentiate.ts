// Graph in, graph out: `gradients` for a finished graph.

import { createGraphBuilder, type GraphModel } from "@internvit/model-core";

import { gradients, type GradientSource } from "./gradients.ts";
import type { SpanFinder } from "./recompute/recomputation.ts";

/** Options of `differentiate`. */
export interface DifferentiateOptions {
  /**
   * What is differentiated: the name of a value with one element, the loss; or names of values, each with the name of
   * the graph input that brings its upstream gradient (made when the graph has none of that name).
   */
  readonly of: string | Readonly<Record<string, string>>;
  /** Names of the values whose gradients are wanted, most often graph inputs that hold parameters. */
  readonly withRespectTo: readonly string[];
  /** Uses ONNX Runtime's FusedMatMul, as `gradients` says. Default: false. */
  readonly fusedMatMul?: boolean;
  /** Finds what is computed again, as `gradients` says: `encoderBlocks`, `largeActivations`. Default: nothing. */
  readonly recompute?: SpanFinder;
}

/** The name of the output that holds the gradient of a value: `grad/` and its name. */
export function gradientName(name: string): string {
  return `grad/${name}`;
}

/**
 * A graph with one more output for each of `withRespectTo`: its gradient, under `gradientName`. The graph that is given
 * stays as it is; the result can be built on with `createGraphBuilder(result.graph)`.
 *
 * @throws TrainError as `gradients`; ModelError `not-found` for a name that is not in the graph.
 */
export function differentiate(
  { graph: forward }: GraphModel,
  options: DifferentiateOptions,
): GraphModel {
  const { of, withRespectTo, fusedMatMul = false, recompute } = options;
  const graph = createGraphBuilder(forward);
  const inputs = new Set(forward.inputs.map(({ name }) => name));
  const source = ([name, upstream]: readonly [string, string]): GradientSource => {
    const value = graph.value(name);
    return {
      value,
      upstream: inputs.has(upstream)
        ? graph.value(upstream)
        : graph.input(upstream, value.dtype, value.shape),
    };
  };
  const sources =
    typeof of === "string" ? graph.value(of) : Object.entries(of).map((entry) => source(entry));
  const results = gradients(graph, sources, {
    withRespectTo: withRespectTo.map((name) => graph.value(name)),
    fusedMatMul,
    recompute: recompute?.(graph) ?? [],
  });
  for (const [index, value] of results.entries()) {
    graph.output(gradientName(withRespectTo[index]!), value);
  }
  return graph.finish(forward.name);
}

// Weights as graph inputs. A graph for inference has its weights as initializers, in the element type of their file; one
// for training gets them fed as float32, and gives them back changed.

import type {
  Dtype,
  ExternalInitializer,
  Graph,
  GraphModel,
  GraphNode,
  Initializer,
} from "@internvit/model-core";

import { TrainError } from "./errors.ts";

/** A graph that is fed its weights. */
export interface FedModel {
  readonly model: GraphModel;
  /**
   * The weights that are inputs now, by name: where in which file their first values are, in the element type of the
   * file. The parts of one tensor (query, key and value of a fused projection) are ranges of its rows.
   */
  readonly weights: readonly ExternalInitializer[];
}

const WEIGHT_TYPES: ReadonlySet<Dtype> = new Set<Dtype>(["float32", "float16", "bfloat16"]);

/**
 * The graph with the float initializers whose bytes are in files as float32 inputs of the same names; the casts to
 * float32 that 16-bit ones need are gone.
 *
 * @param names which initializers; default: all of them
 * @throws TrainError `invalid-argument` for a name that is no such initializer, `unsupported` for a 16-bit weight that
 * is used without a cast to float32
 */
export function weightsAsInputs({ graph }: GraphModel, names?: readonly string[]): FedModel {
  const weights =
    names?.map((name) => weightOf(graph, name)) ?? graph.initializers.filter(isWeight);
  const fed = new Map(weights.map((weight) => [weight.name, weight]));
  // What a cast gives → the input that stands for it.
  const renamed = new Map<string, string>();
  const nodes = graph.nodes.flatMap((node): readonly GraphNode[] => {
    const source = fed.get(node.inputs[0] ?? "");
    if (source !== undefined && source.dtype !== "float32") {
      renamed.set(castOf(graph, node, source), source.name);
      return [];
    }
    return [{ ...node, inputs: node.inputs.map((input) => renamed.get(input) ?? input) }];
  });
  const inputs = weights.map(({ name, shape }) => ({ name, dtype: "float32", shape }) as const);
  const initializers = graph.initializers.filter(({ name }) => !fed.has(name));
  const files = new Set(
    initializers.flatMap((kept) => (kept.kind === "external" ? [kept.file] : [])),
  );
  return {
    weights,
    model: {
      graph: {
        ...graph,
        nodes,
        initializers,
        inputs: [...graph.inputs, ...inputs],
        values: graph.values.filter(({ name }) => !renamed.has(name)),
      },
      files: [...files],
    },
  };
}

function isWeight(initializer: Initializer): initializer is ExternalInitializer {
  return initializer.kind === "external" && WEIGHT_TYPES.has(initializer.dtype);
}

function weightOf(graph: Graph, name: string): ExternalInitializer {
  const found = graph.initializers.find((initializer) => initializer.name === name);
  if (found !== undefined && isWeight(found)) return found;
  throw new TrainError("invalid-argument", `the graph has no float weight ${name} in a file`, {
    subject: name,
  });
}

/** The float32 value that a node makes of a 16-bit weight. */
function castOf(graph: Graph, node: GraphNode, { name, dtype }: ExternalInitializer): string {
  const [output = ""] = node.outputs;
  const result = graph.values.find((value) => value.name === output);
  if (node.opType === "Cast" && result?.dtype === "float32") return output;
  throw new TrainError(
    "unsupported",
    `${node.opType} (${node.name}) uses ${name} as ${dtype}; training needs it cast to float32 first`,
    { subject: name },
  );
}

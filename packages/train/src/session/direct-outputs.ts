// A graph output gets its name from an Identity behind the value. A step has an output for each tensor of its state, and
// there they are worth avoiding: ONNX Runtime copies each, and takes twice as long to load a graph with hundreds of them.

import type { GraphModel } from "@internvit/model-core";

/** The same graph with the names of its outputs on the values themselves, where that can be. */
export function directOutputs({ graph, files }: GraphModel): GraphModel {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const computed = new Set(graph.nodes.flatMap((node) => node.outputs));
  const names = new Map<string, string>();
  const kept = graph.nodes.filter(({ opType, inputs: [source = ""], outputs: [name = ""] }) => {
    const direct =
      opType === "Identity" &&
      outputs.has(name) &&
      computed.has(source) &&
      !outputs.has(source) &&
      !names.has(source);
    if (direct) names.set(source, name);
    return !direct;
  });
  const named = (name: string): string => names.get(name) ?? name;
  const nodes = kept.map((node) => ({
    ...node,
    inputs: node.inputs.map(named),
    outputs: node.outputs.map(named),
  }));
  const values = graph.values.filter(({ name }) => !names.has(name));
  return { files, graph: { ...graph, nodes, values } };
}

// A finished graph as a rewrite looks at it: which node makes a value, and how often the value is used.

import { createGraphBuilder, type Graph, type GraphNode, type Value } from "@internvit/model-core";

import type { Matrix } from "../floats.ts";

/** Looks things up in a graph. */
export interface GraphReader {
  /** The value of this name; throws ModelError `not-found` when nothing in the graph has it. */
  readonly value: (name: string) => Value;
  /** The value that a node reads; undefined for an optional input that is left out. */
  readonly input: (node: GraphNode, index: number) => Value | undefined;
  /** The node that computes a value; undefined for inputs, initializers and what gradients are asked for. */
  readonly producer: (value: Value) => GraphNode | undefined;
  /** The same, where one node and no output of the graph reads the value: what is replaced must not be needed elsewhere. */
  readonly soleProducer: (value: Value) => GraphNode | undefined;
  /** The numbers of a float32 constant with two axes; undefined for anything else, and for what gradients are asked for. */
  readonly matrix: (value: Value) => Matrix | undefined;
}

/** Reads a graph as it is. What gradients are asked for must stay, so it counts as an input: nothing produces it. */
export function graphReader(graph: Graph, withRespectTo: readonly string[]): GraphReader {
  const { value: valueOf, producer: producerOf, tensor } = createGraphBuilder(graph);
  const asked = new Set(withRespectTo);
  const producer: GraphReader["producer"] = (value) =>
    asked.has(value.name) ? undefined : producerOf(value);
  const uses = new Map<string, number>();
  const read = [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(nameOf)];
  for (const name of read) uses.set(name, (uses.get(name) ?? 0) + 1);
  return {
    value: valueOf,
    input: (node, index) => {
      const name = node.inputs[index];
      return name ? valueOf(name) : undefined;
    },
    producer,
    soleProducer: (value) => (uses.get(value.name) === 1 ? producer(value) : undefined),
    matrix: (value) => {
      const [rows, columns, ...rest] = value.shape;
      const found = asked.has(value.name) ? undefined : tensor(value);
      if (found?.dtype !== "float32" || columns === undefined || rest.length > 0) return undefined;
      const data = found.data as Matrix["data"];
      return { rows: Number(rows), columns: Number(columns), data };
    },
  };
}

function nameOf({ name }: Value): string {
  return name;
}

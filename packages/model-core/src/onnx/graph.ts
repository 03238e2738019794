// The ONNX graph as plain data: what the builder makes, what a runtime loads, what training differentiates.
// Only the parts of ONNX that this project uses are modelled. https://github.com/onnx/onnx/blob/main/docs/IR.md

import type { Dtype, Tensor } from "../tensor.ts";

/** One axis of a shape: a size, or the name of a size that is known only at run time (`"batch"`). */
export type Dimension = number | string;

/** A value of the graph: a name, an element type and a shape. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly Dimension[];
}

/** An operator's attribute, tagged with the ONNX type that it is written as. */
export type Attribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  /** What a node runs (the body of a Loop); its nodes may read values of the graph around it, under other names. */
  | { readonly kind: "graph"; readonly value: Graph };

/** Operator sets: ONNX's own and ONNX Runtime's contributed operators. */
export type OperatorDomain = "" | "com.microsoft";

/** One operator call. An empty input name is an optional input that is left out. */
export interface GraphNode {
  readonly name: string;
  readonly opType: string;
  readonly domain: OperatorDomain;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A constant whose bytes stand in the graph itself; for small tensors only. */
export interface InlineInitializer {
  readonly kind: "inline";
  readonly name: string;
  readonly tensor: Tensor;
}

/** A constant whose bytes stay in a file: `byteLength` bytes at byte `start`, little-endian, row-major. */
export interface ExternalInitializer {
  readonly kind: "external";
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly file: string;
  readonly start: number;
  readonly byteLength: number;
}

/** A constant of the graph. */
export type Initializer = InlineInitializer | ExternalInitializer;

/** A graph in topological order: every input of a node is a graph input, an initializer or an earlier output. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: readonly Initializer[];
  readonly nodes: readonly GraphNode[];
  /** Element type and shape of every node output that is no graph output: ONNX's `value_info`. Not written to a file. */
  readonly values: readonly ValueInfo[];
}

/** A graph with the files that its external initializers point into (the names that the checkpoint gave them). */
export interface GraphModel {
  readonly graph: Graph;
  readonly files: readonly string[];
}

/** Nodes with those of the graphs inside them. */
export function allNodes(nodes: readonly GraphNode[]): readonly GraphNode[] {
  return nodes.flatMap((node) => [
    node,
    ...Object.values(node.attributes).flatMap((attribute) =>
      attribute.kind === "graph" ? allNodes(attribute.value.nodes) : [],
    ),
  ]);
}

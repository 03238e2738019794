// Collects nodes and initializers of one graph. The operator functions in ./ops check shapes before they add a
// node, so a wrong graph fails where it is written and not inside a runtime.

import { ModelError } from "../errors.ts";
import { DTYPE_BYTES, type Dtype, elementCount, type Tensor } from "../tensor.ts";
import {
  allNodes,
  type Attribute,
  type Dimension,
  type ExternalInitializer,
  type Graph,
  type GraphModel,
  type GraphNode,
  type Initializer,
  type OperatorDomain,
  type ValueInfo,
} from "./graph.ts";
import { formatShape } from "./shape.ts";

/** A value while the graph is being built. */
export type Value = ValueInfo;

/** What `addNode` needs to know of an operator call. */
export interface NodeSpec {
  readonly opType: string;
  readonly domain?: OperatorDomain;
  /** `undefined` leaves an optional input out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Element type and shape of each output. */
  readonly outputs: readonly { readonly dtype: Dtype; readonly shape: readonly Dimension[] }[];
}

/** A graph under construction. */
export interface GraphBuilder {
  /** What has been added so far, in topological order. */
  readonly nodes: readonly GraphNode[];
  /** Declares a graph input. */
  input(name: string, dtype: Dtype, shape: readonly Dimension[]): Value;
  /** A small constant whose bytes go into the graph; equal constants are written once. */
  constant(tensor: Tensor): Value;
  /** A constant whose bytes stay in a file. The same name is written once. */
  external(initializer: Omit<ExternalInitializer, "kind">): Value;
  /** Adds an operator call. Most callers want a function of ./ops instead. */
  addNode(spec: NodeSpec): readonly Value[];
  /**
   * Asks a node for optional outputs that it does not give yet (the mean of a LayerNormalization); those after the ones
   * it has.
   */
  addOutputs(node: GraphNode, outputs: NodeSpec["outputs"]): readonly Value[];
  /** The value of this name; throws ModelError `not-found` when nothing in the graph has it. */
  value(name: string): Value;
  /** The node that computes a value; undefined for inputs and initializers. */
  producer(value: Value): GraphNode | undefined;
  /** The elements of a constant whose bytes are in the graph; undefined for any other value. */
  tensor(value: Value): Tensor | undefined;
  /** Names everything that `build` adds with a prefix: `layers.3/attention/MatMul`. */
  scope<T>(name: string, build: () => T): T;
  /** Makes a value a graph output under this name. */
  output(name: string, value: Value): void;
  /** The finished graph. */
  finish(name: string): GraphModel;
}

/** Inline constants above this size belong into a file; a graph must stay small enough to copy around. */
const MAX_INLINE_BYTES = 1 << 20;

/** Starts a graph: an empty one, or one that goes on where a finished graph ended. */
export function createGraphBuilder(from?: Graph): GraphBuilder {
  const inputs: ValueInfo[] = [...(from?.inputs ?? [])];
  const outputs: ValueInfo[] = [...(from?.outputs ?? [])];
  const nodes: GraphNode[] = [...(from?.nodes ?? [])];
  const initializers = new Map<string, Initializer>();
  const constants = new Map<string, Value>();
  const values = new Map<string, Value>();
  const places = new Map<string, number>();
  const names = new Map<string, number>();
  const scopes: string[] = [];

  const uniqueName = (base: string): string => {
    let name = base;
    let used = names.get(base) ?? 0;
    while (names.has(name)) name = `${base}_${used++}`;
    names.set(base, Math.max(used, 1));
    names.set(name, names.get(name) ?? 1);
    return name;
  };
  const register = (value: Value): Value => {
    values.set(value.name, value);
    return value;
  };
  const place = (node: GraphNode, at: number): void => {
    nodes[at] = node;
    for (const output of node.outputs) places.set(output, at);
  };
  const outputsOf = (name: string, from: number, specs: NodeSpec["outputs"]): readonly Value[] =>
    specs.map(({ dtype, shape }, index) =>
      register({ name: `${name}:out${from + index === 0 ? "" : from + index}`, dtype, shape }),
    );

  if (from !== undefined) {
    for (const value of [...inputs, ...outputs, ...from.values]) register(value);
    for (const { name } of [...inputs, ...nodes]) names.set(name, 1);
    for (const [at, node] of nodes.entries()) place(node, at);
    for (const initializer of from.initializers) {
      const { name } = initializer;
      const { dtype, shape } = initializer.kind === "inline" ? initializer.tensor : initializer;
      const value = register({ name, dtype, shape });
      if (initializer.kind === "inline") constants.set(constantKey(initializer.tensor), value);
      initializers.set(name, initializer);
    }
  }

  const builder: GraphBuilder = {
    nodes,
    input(name, dtype, shape) {
      inputs.push({ name, dtype, shape });
      names.set(name, 1);
      return register({ name, dtype, shape });
    },
    constant(tensor) {
      const { dtype, shape, data } = tensor;
      if (data.byteLength > MAX_INLINE_BYTES) {
        throw new ModelError(
          "invalid-argument",
          `a constant of shape ${formatShape(shape)} has ${data.byteLength} bytes; at most ${MAX_INLINE_BYTES} go into a graph`,
        );
      }
      const key = constantKey(tensor);
      const known = constants.get(key);
      if (known !== undefined) return known;
      let count = constants.size;
      while (initializers.has(`constant_${count}`)) count++;
      const value = register({ name: `constant_${count}`, dtype, shape });
      constants.set(key, value);
      initializers.set(value.name, { kind: "inline", name: value.name, tensor });
      return value;
    },
    external(initializer) {
      const { name, dtype, shape, byteLength } = initializer;
      const expected = elementCount(shape) * DTYPE_BYTES[dtype];
      if (byteLength !== expected) {
        throw new ModelError(
          "mismatch",
          `initializer ${name}: ${dtype} ${formatShape(shape)} needs ${expected} bytes, got ${byteLength}`,
        );
      }
      initializers.set(name, { kind: "external", ...initializer });
      return register({ name, dtype, shape });
    },
    addNode(spec) {
      const name = uniqueName([...scopes, spec.opType].join("/"));
      const added = outputsOf(name, 0, spec.outputs);
      place(
        {
          name,
          opType: spec.opType,
          domain: spec.domain ?? "",
          inputs: spec.inputs.map((value) => value?.name ?? ""),
          outputs: added.map((value) => value.name),
          attributes: spec.attributes ?? {},
        },
        nodes.length,
      );
      return added;
    },
    addOutputs(node, specs) {
      const at = places.get(node.outputs[0] ?? "");
      if (at === undefined) throw unknownName(node.name);
      const added = outputsOf(node.name, node.outputs.length, specs);
      place({ ...node, outputs: [...node.outputs, ...added.map((value) => value.name)] }, at);
      return added;
    },
    value(name) {
      const value = values.get(name);
      if (value === undefined) throw unknownName(name);
      return value;
    },
    producer({ name }) {
      return nodes[places.get(name) ?? -1];
    },
    tensor({ name }) {
      const initializer = initializers.get(name);
      return initializer?.kind === "inline" ? initializer.tensor : undefined;
    },
    scope(name, build) {
      scopes.push(name);
      try {
        return build();
      } finally {
        scopes.pop();
      }
    },
    output(name, value) {
      // An Identity gives the output the name that callers ask for; runtimes remove it.
      place(
        {
          name: uniqueName(`${name}/Identity`),
          opType: "Identity",
          domain: "",
          inputs: [value.name],
          outputs: [name],
          attributes: {},
        },
        nodes.length,
      );
      outputs.push(register({ name, dtype: value.dtype, shape: value.shape }));
    },
    finish(name) {
      const graph = pruneGraph({
        name,
        inputs,
        outputs,
        nodes,
        initializers: [...initializers.values()],
        values: [...values.values()],
      });
      const files = new Set<string>();
      for (const initializer of graph.initializers) {
        if (initializer.kind === "external") files.add(initializer.file);
      }
      return { graph, files: [...files] };
    },
  };
  return builder;
}

function constantKey({ dtype, shape, data }: Tensor): string {
  return `${dtype}${formatShape(shape)}${data.join(",")}`;
}

function unknownName(name: string): ModelError {
  return new ModelError("not-found", `the graph has no ${name}`, { subject: name });
}

/**
 * Drops the nodes and initializers that no output needs: a graph that asks for an early layer must not compute the
 * later ones, and ONNX Runtime warns about unused initializers.
 */
function pruneGraph(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map((output) => output.name));
  const nodes = graph.nodes
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((output) => needed.has(output))) return false;
      // What runs inside a node may read this graph's values.
      for (const { inputs } of allNodes([node])) for (const input of inputs) needed.add(input);
      return true;
    })
    .toReversed();
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const computed = new Set(nodes.flatMap((node) => node.outputs));
  return {
    ...graph,
    inputs: [...graph.inputs],
    outputs: [...graph.outputs],
    nodes,
    values: graph.values.filter(({ name }) => computed.has(name) && !outputs.has(name)),
    initializers: graph.initializers.filter((initializer) => needed.has(initializer.name)),
  };
}

/** The only value of a list; for operators with one output. */
export function single(values: readonly Value[]): Value {
  const [value] = values;
  if (value === undefined || values.length !== 1) {
    throw new ModelError("invalid-argument", `one value was expected, got ${values.length}`);
  }
  return value;
}

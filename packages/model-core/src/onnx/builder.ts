// Collects nodes and initializers of one graph. The operator functions in ./ops check shapes before they add a
// node, so a wrong graph fails where it is written and not inside a runtime.

import { ModelError } from "../errors.ts";
import { DTYPE_BYTES, type Dtype, elementCount, type Tensor } from "../tensor.ts";
import type {
  Attribute,
  Dimension,
  ExternalInitializer,
  Graph,
  GraphModel,
  GraphNode,
  Initializer,
  OperatorDomain,
  ValueInfo,
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
  /** Declares a graph input. */
  input(name: string, dtype: Dtype, shape: readonly Dimension[]): Value;
  /** A small constant whose bytes go into the graph; equal constants are written once. */
  constant(tensor: Tensor): Value;
  /** A constant whose bytes stay in a file. The same name is written once. */
  external(initializer: Omit<ExternalInitializer, "kind">): Value;
  /** Adds an operator call. Most callers want a function of ./ops instead. */
  addNode(spec: NodeSpec): readonly Value[];
  /** Names everything that `build` adds with a prefix: `layers.3/attention/MatMul`. */
  scope<T>(name: string, build: () => T): T;
  /** Makes a value a graph output under this name. */
  output(name: string, value: Value): void;
  /** The finished graph. */
  finish(name: string): GraphModel;
}

/** Inline constants above this size belong into a file; a graph must stay small enough to copy around. */
const MAX_INLINE_BYTES = 1 << 20;

/** Starts an empty graph. */
export function createGraphBuilder(): GraphBuilder {
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  const nodes: GraphNode[] = [];
  const initializers = new Map<string, Initializer>();
  const constants = new Map<string, Value>();
  const names = new Map<string, number>();
  const scopes: string[] = [];

  const uniqueName = (suffix: string): string => {
    const name = [...scopes, suffix].join("/");
    const used = names.get(name) ?? 0;
    names.set(name, used + 1);
    return used === 0 ? name : `${name}_${used}`;
  };

  const builder: GraphBuilder = {
    input(name, dtype, shape) {
      inputs.push({ name, dtype, shape });
      names.set(name, 1);
      return { name, dtype, shape };
    },
    constant(tensor) {
      const { dtype, shape, data } = tensor;
      if (data.byteLength > MAX_INLINE_BYTES) {
        throw new ModelError(
          "invalid-argument",
          `a constant of shape ${formatShape(shape)} has ${data.byteLength} bytes; at most ${MAX_INLINE_BYTES} go into a graph`,
        );
      }
      const key = `${dtype}${formatShape(shape)}${data.join(",")}`;
      const known = constants.get(key);
      if (known !== undefined) return known;
      const value: Value = { name: `constant_${constants.size}`, dtype, shape };
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
      return { name, dtype, shape };
    },
    addNode(spec) {
      const name = uniqueName(spec.opType);
      const values = spec.outputs.map((output, index) => ({
        name: index === 0 ? `${name}:out` : `${name}:out${index}`,
        dtype: output.dtype,
        shape: output.shape,
      }));
      nodes.push({
        name,
        opType: spec.opType,
        domain: spec.domain ?? "",
        inputs: spec.inputs.map((value) => value?.name ?? ""),
        outputs: values.map((value) => value.name),
        attributes: spec.attributes ?? {},
      });
      return values;
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
      nodes.push({
        name: `${name}/Identity`,
        opType: "Identity",
        domain: "",
        inputs: [value.name],
        outputs: [name],
        attributes: {},
      });
      outputs.push({ name, dtype: value.dtype, shape: value.shape });
    },
    finish(name) {
      const graph = pruneGraph({
        name,
        inputs,
        outputs,
        nodes,
        initializers: [...initializers.values()],
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
      for (const input of node.inputs) needed.add(input);
      return true;
    })
    .toReversed();
  return {
    ...graph,
    nodes,
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

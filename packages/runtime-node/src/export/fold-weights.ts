// Moves work from the graph into its weights, so that what is written needs no more than standard readers know:
// 16-bit weights that the graph widens become float32 ones, and weights that it only uses transposed become
// transposed ones. MatMul then has its weights as plain initializers: quantization tools find them, and a session
// maps them as they are instead of making copies when it loads.

import type {
  Dtype,
  ExternalInitializer,
  Graph,
  GraphModel,
  GraphNode,
  Initializer,
} from "@internvit/model-core";

/** A weight of the exported graph: its form there, and where its elements come from. */
export interface FoldedWeight {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The weight as the checkpoint has it; `shape` is reversed where it is transposed. */
  readonly source: ExternalInitializer;
  readonly transposed: boolean;
}

/** A graph whose external weights are no longer in `initializers`. */
export interface FoldedModel {
  readonly graph: Graph;
  /** In the order of the forward pass. */
  readonly weights: readonly FoldedWeight[];
}

/** Options of `foldWeights`. */
export interface FoldOptions {
  /** `float32` widens 16-bit weights; `stored` leaves them and their casts. */
  readonly dtype: "float32" | "stored";
}

/** TensorProto.DataType of float32, as `Cast` names it. */
const ONNX_FLOAT = 1;

interface Folding {
  readonly weight: FoldedWeight;
  readonly removed: readonly GraphNode[];
  /** Values that are gone → the value that takes their place. */
  readonly replaced: readonly (readonly [string, string])[];
}

/** The graph with casts and transposes of weights done beforehand, as far as `dtype` says. */
export function foldWeights({ graph }: GraphModel, { dtype }: FoldOptions): FoldedModel {
  const consumers = consumersOf(graph);
  const external = graph.initializers.filter((initializer) => isExternal(initializer));
  const names = plainNames(external.map(({ name }) => name));
  const weights: FoldedWeight[] = [];
  const removed = new Set<GraphNode>();
  const replaced = new Map<string, string>();
  for (const initializer of external) {
    const name = names.get(initializer.name) ?? initializer.name;
    const folding = foldWeight(initializer, { name, dtype, consumers });
    weights.push(folding.weight);
    for (const node of folding.removed) removed.add(node);
    for (const [from, to] of folding.replaced) replaced.set(from, to);
  }
  const nodes = graph.nodes
    .filter((node) => !removed.has(node))
    .map((node) => ({ ...node, inputs: node.inputs.map((input) => replaced.get(input) ?? input) }));
  const initializers = graph.initializers.filter((initializer) => !isExternal(initializer));
  return { graph: { ...graph, nodes, initializers }, weights };
}

function isExternal(initializer: Initializer): initializer is ExternalInitializer {
  return initializer.kind === "external";
}

function consumersOf({ nodes }: Graph): ReadonlyMap<string, readonly GraphNode[]> {
  const consumers = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      const known = consumers.get(input);
      if (known === undefined) consumers.set(input, [node]);
      else known.push(node);
    }
  }
  return consumers;
}

function foldWeight(
  initializer: ExternalInitializer,
  options: {
    readonly name: string;
    readonly dtype: "float32" | "stored";
    readonly consumers: ReadonlyMap<string, readonly GraphNode[]>;
  },
): Folding {
  const { name, consumers } = options;
  const usersOf = (value: string): readonly GraphNode[] => consumers.get(value) ?? [];
  const users = usersOf(initializer.name);
  const casts = users.length > 0 && users.every((node) => isWideningCast(node)) ? users : [];
  const widens = casts.length > 0 && options.dtype === "float32";

  // What the rest of the graph sees as this weight: the casts' outputs, where there are casts.
  const values = casts.length > 0 ? casts.map(outputOf) : [initializer.name];
  const readers = values.flatMap(usersOf);
  const transposed =
    initializer.shape.length === 2 && readers.length > 0 && readers.every(isMatrixTranspose);

  const replaced: (readonly [string, string])[] = [[initializer.name, name]];
  for (const value of values) {
    const kept = widens || casts.length === 0 ? name : value;
    if (kept !== value) replaced.push([value, kept]);
    if (!transposed) continue;
    for (const reader of usersOf(value)) replaced.push([outputOf(reader), kept]);
  }
  return {
    weight: {
      name,
      dtype: widens ? "float32" : initializer.dtype,
      shape: transposed ? initializer.shape.toReversed() : initializer.shape,
      source: initializer,
      transposed,
    },
    removed: [...(widens ? casts : []), ...(transposed ? readers : [])],
    replaced,
  };
}

function outputOf({ outputs }: GraphNode): string {
  return outputs[0] ?? "";
}

function isWideningCast({ opType, attributes }: GraphNode): boolean {
  const { to } = attributes;
  return opType === "Cast" && to?.kind === "int" && to.value === ONNX_FLOAT;
}

function isMatrixTranspose({ opType, attributes }: GraphNode): boolean {
  const { perm } = attributes;
  return opType === "Transpose" && perm?.kind === "ints" && perm.value.join() === "1,0";
}

/**
 * The checkpoint's own tensor names, without the offset that the graph adds to them. Parts of one tensor, such as
 * query, key and value of a fused projection, are numbered in their order.
 */
function plainNames(names: readonly string[]): ReadonlyMap<string, string> {
  const parts = new Map<string, { readonly name: string; readonly start: number }[]>();
  for (const name of names) {
    const [, tensor = name, start = "0"] = /^(.*)@(\d+)$/.exec(name) ?? [];
    parts.set(tensor, [...(parts.get(tensor) ?? []), { name, start: Number(start) }]);
  }
  const plain = new Map<string, string>();
  for (const [tensor, slices] of parts) {
    for (const [index, { name }] of slices.toSorted((a, b) => a.start - b.start).entries()) {
      plain.set(name, slices.length === 1 ? tensor : `${tensor}.${index}`);
    }
  }
  return plain;
}

// Products of matrices and convolutions in float16, everything that sums, divides or exponentiates in float32: what
// torch.autocast does, as a rewrite of the graph. Inputs, outputs and what gradients are asked for stay float32, so that an
// optimizer keeps and changes float32 weights, of which the products read rounded copies.

import {
  createGraphBuilder,
  float32ToFloat16,
  type Graph,
  type GraphNode,
  type Initializer,
  type Tensor,
  type Value,
} from "@internvit/model-core";
import { onnxDataType } from "@internvit/model-core/onnx";

import type { GraphRewrite } from "./rewrite.ts";

/** Computed in float16. */
const PRODUCTS = new Set(["MatMul", "FusedMatMul", "Gemm", "Conv", "ConvTranspose"]);
/** Computed in float16 where what they read is; they neither sum nor lose digits that a product has not lost already. */
const FLOWING = new Set([
  "Add",
  "Sub",
  "Mul",
  "Neg",
  "Relu",
  "Max",
  "Min",
  "Where",
  "Identity",
  "MaxPool",
  "Pad",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
  "Expand",
  "Concat",
  "Split",
  "Slice",
  "Gather",
]);
/** Float16's largest number, and its smallest with all digits. */
const [LARGEST, SMALLEST] = [65_504, 2 ** -14];
/** The scope of a session's loss, which stays in float32. */
const LOSS_SCOPE = "loss/";

/**
 * The graph with products in float16 and casts around them. Gradients follow: those of float16 values are float16, and
 * want a loss scale. A graph without products is returned itself.
 */
export const float16Products: GraphRewrite = (model, { withRespectTo = [] } = {}) => {
  const { graph } = model;
  const facts = factsOf(graph);
  const kept = new Set([...withRespectTo, ...graph.outputs.map(({ name }) => name)]);
  const mayChange = ({ name, opType, outputs }: GraphNode): boolean =>
    !name.startsWith(LOSS_SCOPE) &&
    (PRODUCTS.has(opType) || FLOWING.has(opType)) &&
    facts.isFloat(outputs[0]!) &&
    !outputs.some((output) => kept.has(output));
  if (!graph.nodes.some((node) => PRODUCTS.has(node.opType) && mayChange(node))) return model;
  const writer = castingWriter(graph, facts);
  const weights = new Set([...withRespectTo, ...graph.initializers.map(({ name }) => name)]);
  const flows = ({ inputs }: GraphNode): boolean => {
    const read = inputs.filter(facts.isFloat);
    return (
      read.some(writer.isHalf) &&
      read.every((name) => writer.isHalf(name) || (weights.has(name) && facts.fitsHalf(name)))
    );
  };
  for (const node of graph.nodes) {
    writer.add(node, mayChange(node) && (PRODUCTS.has(node.opType) || flows(node)));
  }
  return createGraphBuilder(writer.result()).finish(graph.name);
};

/** What is known of the names in a graph. */
interface GraphFacts {
  readonly isFloat: (name: string) => boolean;
  readonly shapeOf: (name: string) => Value["shape"];
  /** The numbers of a float32 constant in the graph. */
  readonly constant: (name: string) => Tensor<"float32"> | undefined;
  /** False for a constant with numbers that float16 has not. */
  readonly fitsHalf: (name: string) => boolean;
}

function factsOf(graph: Graph): GraphFacts {
  const known = new Map<string, Pick<Value, "dtype" | "shape">>(
    [...graph.inputs, ...graph.values, ...graph.outputs].map((value) => [value.name, value]),
  );
  const constants = new Map<string, Tensor>();
  for (const initializer of graph.initializers) {
    const { name } = initializer;
    known.set(name, initializer.kind === "inline" ? initializer.tensor : initializer);
    if (initializer.kind === "inline") constants.set(name, initializer.tensor);
  }
  const isFloat = (name: string): boolean => known.get(name)?.dtype === "float32";
  const constant = (name: string) =>
    isFloat(name) ? (constants.get(name) as Tensor<"float32"> | undefined) : undefined;
  return {
    isFloat,
    shapeOf: (name) => known.get(name)!.shape,
    constant,
    fitsHalf: (name) =>
      constant(name)?.data.every((value) => {
        const size = Math.abs(value);
        return size === 0 || (size >= SMALLEST && size <= LARGEST);
      }) ?? true,
  };
}

/** Writes nodes again, in float16 or float32, with a cast for each value that is needed in the other of the two. */
function castingWriter(
  graph: Graph,
  facts: GraphFacts,
): {
  readonly add: (node: GraphNode, halved: boolean) => void;
  /** Whether a value was computed in float16. */
  readonly isHalf: (name: string) => boolean;
  readonly result: () => Graph;
} {
  const nodes: GraphNode[] = [];
  const values: Value[] = [];
  const initializers: Initializer[] = [...graph.initializers];
  const computed = new Set<string>();
  const [full, half] = [new Set<string>(), new Set<string>()];
  for (const { name } of [...graph.inputs, ...initializers]) full.add(name);
  const ends = new Set(graph.outputs.map(({ name }) => name));
  const given = new Map([...graph.values, ...graph.outputs].map((value) => [value.name, value]));

  const cast = (from: string, to: Value): void => {
    nodes.push({
      name: `${to.name}/Cast`,
      opType: "Cast",
      domain: "",
      inputs: [from],
      outputs: [to.name],
      attributes: { to: { kind: "int", value: onnxDataType(to.dtype) } },
    });
    values.push(to);
  };
  const inFull = (name: string): string => {
    const shape = facts.shapeOf(name);
    if (!full.has(name)) cast(halfName(name), { name, dtype: "float32", shape });
    full.add(name);
    return name;
  };
  const inHalf = (name: string): string => {
    const [own, shape] = [halfName(name), facts.shapeOf(name)];
    if (half.has(name)) return own;
    half.add(name);
    const constant = facts.fitsHalf(name) ? facts.constant(name) : undefined;
    if (constant === undefined) {
      cast(name, { name: own, dtype: "float16", shape });
    } else {
      const tensor = { ...constant, dtype: "float16", data: float32ToFloat16(constant.data) };
      initializers.push({ kind: "inline", name: own, tensor: tensor as Tensor });
    }
    return own;
  };
  return {
    isHalf: (name) => computed.has(name),
    add(node, halved) {
      const read = halved ? inHalf : inFull;
      const inputs = node.inputs.map((name) => (facts.isFloat(name) ? read(name) : name));
      const outputs = halved ? node.outputs.map(halfName) : node.outputs;
      nodes.push({ ...node, inputs, outputs });
      for (const name of node.outputs) {
        (halved ? half : full).add(name);
        if (halved) computed.add(name);
        const value = given.get(name)!;
        values.push(halved ? { ...value, name: halfName(name), dtype: "float16" } : value);
      }
    },
    result: () => ({
      ...graph,
      nodes,
      initializers,
      values: values.filter(({ name }) => !ends.has(name)),
    }),
  };
}

function halfName(name: string): string {
  return `${name}/float16`;
}

// The stacked forms of the operators that heads consist of. Axes that an operator counts move by one, for the heads in
// front; shapes get them.

import type { Value } from "@internvit/model-core";
import { add, matMul, mul, reshape, single, transpose } from "@internvit/model-core/onnx";

import { floats } from "../floats.ts";
import { scale } from "../ops/elementwise.ts";
import { gemm } from "../ops/gemm.ts";
import { expand, int64s } from "../ops/layout.ts";
import { floatAttribute, intAttribute, intsAttribute } from "../rule.ts";
import { sizesOf } from "../sizes.ts";
import { notStacked, type StackingCall, type StackingRule, withRank } from "./stacking-call.ts";

const ELEMENTWISE: readonly string[] = [
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Pow",
  "Max",
  "Min",
  "Where",
  "Equal",
  "Greater",
  "Less",
  "Neg",
  "Sqrt",
  "Exp",
  "Log",
  "Erf",
  "Gelu",
  "Relu",
  "Sigmoid",
  "Tanh",
  "Abs",
  "Cast",
  "Identity",
];
const RESHAPES: readonly string[] = ["Reshape", "Squeeze", "Unsqueeze"];
const REDUCTIONS: readonly string[] = ["ReduceSum", "ReduceMean", "ReduceMax"];

/** Operands of one rank broadcast as those of one head do. */
const elementwise: StackingRule = (call) => {
  const rank = call.outputs[0]!.shape.length;
  return write(call, { inputs: call.inputs.map((_, at) => withRank(call, at, rank)) });
};

/** Whatever moves no element gets the result's shape. */
const reshaped: StackingRule = ({ graph, heads, inputs: [input], outputs: [output] }) => [
  reshape(graph, input!.value, [heads, ...sizesOf(output!)]),
];

const expanded: StackingRule = (call) => {
  const sizes = sizesOf(call.outputs[0]!);
  return [expand(call.graph, withRank(call, 0, sizes.length), [call.heads, ...sizes])];
};

const transposed: StackingRule = ({ graph, node, inputs: [input] }) => {
  const reversed = input!.value.shape.slice(1).map((_, at, { length }) => length - 1 - at);
  const axes = intsAttribute(node, "perm", reversed);
  return [transpose(graph, input!.value, [0, ...axes.map((axis) => axis + 1)])];
};

const reduced: StackingRule = (call) => {
  const { graph, inputs } = call;
  const rank = inputs[0]!.value.shape.length - 1;
  const axes = inputs[1] ? constantAt(call, 1) : Array.from({ length: rank }, (_, axis) => axis);
  return write(call, { inputs: [inputs[0]!.value, moved(graph, axes, rank)] });
};

const sliced: StackingRule = (call) => {
  const { graph, inputs } = call;
  const rank = inputs[0]!.value.shape.length - 1;
  const [value, starts, ends, , steps] = inputs.map((input) => input?.value);
  const axes = inputs[3] ? constantAt(call, 3) : constantAt(call, 1).map((_, axis) => axis);
  return write(call, { inputs: [value, starts, ends, moved(graph, axes, rank), steps] });
};

/** Softmax, Split, Concat: one axis, an attribute. */
const alongAxis =
  (fallback: number): StackingRule =>
  (call) => {
    const { graph, heads, node, inputs, outputs } = call;
    const rank = outputs[0]!.shape.length;
    const axis = intAttribute(node, "axis", fallback);
    const whole = inputs.map((input) => {
      if (input === undefined || input.stacked || node.opType !== "Concat") return input?.value;
      return expand(graph, input.value, [heads, ...sizesOf(input.value)]);
    });
    const value = (axis < 0 ? axis + rank : axis) + 1;
    return write(call, { inputs: whole, attributes: { axis: { kind: "int", value } } });
  };

/** Products of matrices, or of stacks of them that broadcast. */
const product: StackingRule = (call) => {
  const rank = call.outputs[0]!.shape.length;
  if (call.inputs.some((input) => input!.value.shape.length - Number(input!.stacked) < 2)) {
    throw notStacked(call.node, "a product with a vector");
  }
  return [matMul(call.graph, withRank(call, 0, rank), withRank(call, 1, rank))];
};

/** One wide product where all heads read the same rows, else one for each head in a stack. */
const gemmed: StackingRule = (call) => {
  const { graph, heads, node, inputs, outputs } = call;
  const [left, right, bias] = inputs;
  const turned = ["transA", "transB"].map((name) => intAttribute(node, name, 0) === 1);
  const [rows = 0, columns = 0] = sizesOf(outputs[0]!);
  const wide = !left!.stacked && !turned[0]! && turned[1]!;
  const read = (at: number): Value => {
    const { value, stacked } = inputs[at]!;
    return turned[at] ? transpose(graph, value, stacked ? [0, 2, 1] : [1, 0]) : value;
  };
  const product = (): Value => {
    if (!wide || !right!.stacked) return matMul(graph, read(0), read(1));
    const inner = sizesOf(left!.value)[1]!;
    const all = reshape(graph, right!.value, [heads * columns, inner]);
    const side = gemm(graph, left!.value, all, { transposeRight: true });
    return transpose(graph, reshape(graph, side, [rows, heads, columns]), [1, 0, 2]);
  };
  const scaled = scale(graph, product(), floatAttribute(node, "alpha", 1));
  if (bias === undefined) return [scaled];
  const added = scale(graph, withRank(call, 2, 2), floatAttribute(node, "beta", 1));
  return [add(graph, scaled, added)];
};

/** Weights of each head come after a norm without any. */
const normed: StackingRule = (call) => {
  const { graph, inputs, outputs, node } = call;
  const [value, weight, bias] = inputs;
  const rank = outputs[0]!.shape.length;
  if (![-1, rank - 1].includes(intAttribute(node, "axis", -1)) || outputs.length > 1) {
    throw notStacked(node, "this form");
  }
  const attributes = { axis: { kind: "int", value: -1 } } as const;
  if (value!.stacked && !weight!.stacked && bias?.stacked !== true) {
    return write(call, { inputs: inputs.map((input) => input?.value), attributes });
  }
  const size = Number(outputs[0]!.shape.at(-1));
  const ones = floats(graph, value!.value, {
    shape: [size],
    data: new Float32Array(size).fill(1),
  });
  const { dtype } = outputs[0]!;
  const plain = single(
    graph.addNode({
      ...node,
      inputs: [value!.value, ones],
      attributes: { ...node.attributes, ...attributes },
      outputs: [{ dtype, shape: value!.value.shape }],
    }),
  );
  const scaled = mul(graph, plain, withRank(call, 1, rank));
  return [bias === undefined ? scaled : add(graph, scaled, withRank(call, 2, rank))];
};

/** By the operator's name. */
export const STACKING_RULES: ReadonlyMap<string, StackingRule> = new Map([
  ...ELEMENTWISE.map((name) => [name, elementwise] as const),
  ...RESHAPES.map((name) => [name, reshaped] as const),
  ...REDUCTIONS.map((name) => [name, reduced] as const),
  ["Expand", expanded],
  ["Transpose", transposed],
  ["Slice", sliced],
  ["Softmax", alongAxis(-1)],
  ["LogSoftmax", alongAxis(-1)],
  ["Split", alongAxis(0)],
  ["Concat", alongAxis(0)],
  ["MatMul", product],
  ["Gemm", gemmed],
  ["LayerNormalization", normed],
  ["SimplifiedLayerNormalization", normed],
]);

/** The same operator with the heads in front of its outputs. */
function write(
  { graph, heads, node, outputs }: StackingCall,
  change: {
    readonly inputs: readonly (Value | undefined)[];
    readonly attributes?: typeof node.attributes;
  },
): readonly Value[] {
  return graph.addNode({
    opType: node.opType,
    inputs: change.inputs,
    attributes: { ...node.attributes, ...change.attributes },
    outputs: outputs.map(({ dtype, shape }) => ({ dtype, shape: [heads, ...shape] })),
  });
}

function moved(graph: StackingCall["graph"], axes: readonly number[], rank: number): Value {
  return int64s(
    graph,
    axes.map((axis) => (axis < 0 ? axis + rank : axis) + 1),
  );
}

/** The numbers of a constant input. */
function constantAt({ graph, node, inputs }: StackingCall, index: number): readonly number[] {
  const tensor = graph.tensor(inputs[index]!.value);
  if (tensor === undefined) throw notStacked(node, `input ${index} that is no constant`);
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

// For every operator with a rule, how a call of it is drawn: the result is what gets differentiated.

import type { Tensor, Value } from "@internvit/model-core";
import {
  add,
  cast,
  concat,
  div,
  fusedMatMul,
  gather,
  gelu,
  layerNormalization,
  matMul,
  mul,
  reshape,
  simplifiedLayerNormalization,
  single,
  softmax,
  sqrt,
  sub,
  transpose,
} from "@internvit/model-core/onnx";

import {
  erf,
  exp,
  expand,
  gemm,
  log,
  neg,
  pad,
  pow,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  sigmoid,
  split,
  squeeze,
  strided,
  tanh,
  unsqueeze,
  where,
} from "../../src/index.ts";
import { int64s } from "../../src/ops/layout.ts";
import { type DrawCase, type DrawnCall, drawNode as node, type ValueRange } from "./drawn-call.ts";
import { SPATIAL_CASES } from "./spatial-cases.ts";

const unary =
  (build: (graph: DrawnCall["graph"], x: Value) => Value, range?: ValueRange): DrawCase =>
  (call) =>
    build(call.graph, call.input(call.shape(), range));

/** One operand has the full shape, the other broadcasts to it, or they do so in each other's axes. */
const binary =
  (
    build: (graph: DrawnCall["graph"], left: Value, right: Value) => Value,
    ranges: { readonly left?: ValueRange; readonly right?: ValueRange } = {},
  ): DrawCase =>
  (call) => {
    const shape = call.shape();
    const left = call.input(call.broadcastTo(shape), ranges.left);
    if (call.random.below(8) === 0) return build(call.graph, left, left);
    return build(call.graph, left, call.input(call.broadcastTo(shape), ranges.right));
  };

const axisOf = ({ random }: DrawnCall, shape: readonly number[]): number =>
  random.below(shape.length);

const someAxes = ({ random }: DrawnCall, shape: readonly number[]): readonly number[] => {
  const axes = shape.map((_, axis) => axis).filter(() => random.below(2) === 0);
  return axes.length > 0 ? axes : [shape.length - 1];
};

const permutation = ({ random }: DrawnCall, rank: number): readonly number[] =>
  Array.from({ length: rank }, (_, axis) => ({ axis, key: random.next() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ axis }) => axis);

const integers = (values: readonly number[], shape: readonly number[]): Tensor => ({
  dtype: "int64",
  shape,
  data: BigInt64Array.from(values, BigInt),
});

const turned = (pair: readonly number[], turn: number): readonly number[] =>
  turn === 0 ? pair : pair.toReversed();

/** Operands [..., m, k] and [..., k, n], transposed where a bit of `turns` says so. */
const operands = (call: DrawnCall, turns: number): readonly [Value, Value] => {
  const [rows, inner, columns] = call.shape(3) as [number, number, number];
  const batch = call.random.below(2) === 0 ? [] : call.shape(2);
  const leading = (): readonly number[] =>
    call.random.below(2) === 0 ? [] : call.broadcastTo(batch);
  return [
    call.input([...leading(), ...turned([rows, inner], turns & 1)]),
    call.input([...leading(), ...turned([inner, columns], turns & 2)]),
  ];
};

const reduced =
  (build: typeof reduceSum, range?: ValueRange): DrawCase =>
  (call) => {
    const x = call.input(call.shape(), range);
    const axes = someAxes(call, x.shape.map(Number));
    return build(call.graph, x, { axes, keepAxes: call.random.below(2) === 0 });
  };

const normalized =
  (build: (call: DrawnCall, x: Value, weight: Value) => Value): DrawCase =>
  (call) => {
    // At least two values in a row: one has no variance, and its true gradient is lost in the result's rounding.
    const width = 2 + call.random.below(4);
    const x = call.input([...call.shape(1 + call.random.below(3)), width]);
    return build(call, x, call.input([width]));
  };

const alongAxis =
  (opType: string): DrawCase =>
  (call) => {
    const x = call.input(call.shape());
    const axis = axisOf(call, x.shape.map(Number));
    const attributes = { axis: { kind: "int", value: axis } } as const;
    return node(call, { opType, inputs: [x], attributes });
  };

/** By operator, as DIFFERENTIABLE_OPERATORS names it. */
export const RULE_CASES: Readonly<Record<string, DrawCase>> = {
  Add: binary(add),
  Sub: binary(sub),
  Mul: binary(mul),
  Div: binary(div, { right: { from: 0.5 }, left: { from: 0.5 } }),
  Pow: (call) => {
    const range = { from: 0.5 };
    if (call.random.below(2) === 0) return binary(pow, { left: range, right: range })(call);
    const exponent = call.random.pick([2, 3, -1, 0.5]);
    const data = Float32Array.of(exponent);
    const constant = call.graph.constant({ dtype: "float32", shape: [], data });
    return pow(call.graph, call.input(call.shape(), range), constant);
  },
  Neg: unary(neg),
  Sqrt: unary(sqrt, { from: 0.2 }),
  Exp: unary(exp),
  Log: unary(log, { from: 0.2 }),
  Erf: unary(erf),
  Gelu: unary(gelu, { from: -4, to: 4 }),
  Relu: unary(relu, { apart: 0.05 }),
  Sigmoid: unary(sigmoid, { from: -4, to: 4 }),
  Tanh: unary(tanh),
  Identity: unary((graph, x) =>
    single(
      graph.addNode({
        opType: "Identity",
        inputs: [x],
        outputs: [{ dtype: "float32", shape: x.shape }],
      }),
    ),
  ),
  // There and back: what is differentiated stays float32.
  Cast: unary((graph, x) => mul(graph, cast(graph, cast(graph, x, "float64"), "float32"), x)),
  Softmax: (call) =>
    call.random.below(2) === 0
      ? softmax(call.graph, call.input(call.shape()))
      : alongAxis("Softmax")(call),
  LogSoftmax: alongAxis("LogSoftmax"),
  LayerNormalization: normalized(({ graph, input }, x, weight) =>
    layerNormalization(graph, x, {
      weight,
      bias: input(weight.shape.map(Number)),
      epsilon: 1e-2,
    }),
  ),
  SimplifiedLayerNormalization: normalized(({ graph }, x, weight) =>
    simplifiedLayerNormalization(graph, x, { weight, epsilon: 1e-2 }),
  ),
  MatMul: (call) => matMul(call.graph, ...operands(call, 0)),
  "com.microsoft.FusedMatMul": (call) => {
    const turns = call.random.below(4);
    return fusedMatMul(call.graph, ...operands(call, turns), {
      transposeLeft: (turns & 1) !== 0,
      transposeRight: (turns & 2) !== 0,
      alpha: call.random.pick([1, 0.5]),
    });
  },
  Gemm: (call) => {
    const { graph, random } = call;
    const [rows, inner, columns] = call.shape(3) as [number, number, number];
    const [transposeLeft, transposeRight] = [random.below(2) === 0, random.below(2) === 0];
    const left = call.input(transposeLeft ? [inner, rows] : [rows, inner]);
    const right = call.input(transposeRight ? [columns, inner] : [inner, columns]);
    const turns = { transposeLeft, transposeRight };
    if (random.below(2) === 0) return gemm(graph, left, right, turns);
    const bias = call.input(call.broadcastTo([rows, columns]));
    if (random.below(2) === 0) return gemm(graph, left, right, { ...turns, bias });
    const attributes = {
      alpha: { kind: "float", value: 0.5 },
      beta: { kind: "float", value: -2 },
      transA: { kind: "int", value: Number(transposeLeft) },
      transB: { kind: "int", value: Number(transposeRight) },
    } as const;
    return node(call, { opType: "Gemm", inputs: [left, right, bias], attributes }, [rows, columns]);
  },
  Reshape: (call) => {
    const x = call.input(call.shape());
    return reshape(call.graph, x, x.shape.toReversed());
  },
  Squeeze: (call) => {
    const shape = [...call.shape(), 1];
    const axes = shape.flatMap((size, axis) => (size === 1 && call.random.below(2) ? [axis] : []));
    return squeeze(call.graph, call.input(shape), axes.length > 0 ? axes : [-1]);
  },
  Unsqueeze: (call) => {
    const x = call.input(call.shape());
    return unsqueeze(call.graph, x, [call.random.below(x.shape.length + 1)]);
  },
  Transpose: (call) => {
    const x = call.input(call.shape());
    const once = transpose(call.graph, x, permutation(call, x.shape.length));
    // A second one meets the first on the way back.
    return call.random.below(2) === 0
      ? once
      : transpose(call.graph, once, permutation(call, x.shape.length));
  },
  Expand: (call) => {
    const shape = call.shape();
    return expand(call.graph, call.input(call.broadcastTo(shape)), shape);
  },
  Concat: (call) => {
    const shape = call.shape();
    const axis = axisOf(call, shape);
    const parts = Array.from({ length: call.size(3) }, () =>
      call.input(shape.with(axis, call.size())),
    );
    const twice = call.random.below(4) === 0 ? [...parts, parts[0]!] : parts;
    return concat(call.graph, twice, { axis: axis - shape.length });
  },
  Split: (call) => {
    const sizes = Array.from({ length: 1 + call.size(3) }, () => call.size());
    const shape = call.shape();
    const axis = axisOf(call, shape);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const parts = split(call.graph, call.input(shape.with(axis, total)), { axis, sizes });
    // One part is not used.
    return concat(call.graph, [...parts.slice(1), parts[1]!], { axis });
  },
  Slice: (call) => {
    const shape = call.shape().map((size) => size + 2);
    const ranges = someAxes(call, shape).map((axis) => {
      const start = call.random.below(shape[axis]!);
      const end = start + 1 + call.random.below(shape[axis]! - start);
      return { axis, start, end, step: call.size(3) };
    });
    if (call.random.below(4) > 0) return strided(call.graph, call.input(shape), ranges);
    // From the end, to beyond it, without axes and steps.
    const { graph } = call;
    const inputs = [call.input(shape), int64s(graph, [-2]), int64s(graph, [2 ** 31])];
    return node(call, { opType: "Slice", inputs }, shape.with(0, 2));
  },
  Pad: (call) => {
    const x = call.input(call.shape());
    const amounts = () => x.shape.map(() => call.random.below(3));
    return pad(call.graph, x, { before: amounts(), after: amounts().with(0, 1) });
  },
  Gather: (call) => {
    const { graph, random } = call;
    const shape = call.shape();
    const axis = axisOf(call, shape);
    const size = shape[axis]!;
    const at = call.shape(random.below(3));
    const count = at.reduce((product, axis) => product * axis, 1);
    const values = Array.from({ length: count }, () => random.below(2 * size) - size);
    const tensor = integers(values, at);
    const indices = random.below(2) === 0 ? graph.constant(tensor) : call.frozen(tensor);
    return gather(graph, call.input(shape), { axis, indices });
  },
  Where: (call) => {
    const shape = call.shape();
    const of = call.broadcastTo(shape);
    const count = of.reduce((product, axis) => product * axis, 1);
    const data = Uint8Array.from({ length: count }, () => call.random.below(2));
    const condition = call.frozen({ dtype: "bool", shape: of, data });
    const yes = call.input(call.broadcastTo(shape));
    return where(call.graph, condition, { yes, no: call.input(call.broadcastTo(shape)) });
  },
  ReduceSum: reduced(reduceSum),
  ReduceMean: reduced(reduceMean),
  ReduceMax: reduced(reduceMax, { apart: 0.05 }),
  ...SPATIAL_CASES,
};

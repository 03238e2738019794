// Which rule belongs to which operator. Operators whose results are integers or bool (Shape, Equal, Greater) need none:
// no gradient goes through them.

import type { GraphNode } from "@internvit/model-core";

import type { GradientRule } from "../rule.ts";
import { gelu, relu, sigmoid, tanh } from "./activations.ts";
import { add, divide, multiply, negate, sub } from "./arithmetic.ts";
import { averagePool } from "./average-pool.ts";
import { concat, split } from "./concat.ts";
import { conv, convTranspose } from "./conv.ts";
import { gather } from "./gather.ts";
import { layerNormalization, simplifiedLayerNormalization } from "./layer-normalization.ts";
import { cast, identity, reshape, transpose } from "./layout.ts";
import { fusedMatMul, gemm, matMul } from "./mat-mul.ts";
import { maxPool } from "./max-pool.ts";
import { erf, exp, log, pow, sqrt } from "./powers.ts";
import { reduceMax, reduceMean, reduceSum } from "./reduce.ts";
import { resize } from "./resize.ts";
import { padding, slice } from "./slice.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { where } from "./where.ts";

/** By operator; those of another set than ONNX's own with its name in front. */
const RULES: Readonly<Record<string, GradientRule>> = {
  Add: add,
  AveragePool: averagePool,
  Cast: cast,
  Concat: concat,
  Conv: conv,
  ConvTranspose: convTranspose,
  Div: divide,
  Erf: erf,
  Exp: exp,
  Expand: identity,
  Gather: gather,
  Gelu: gelu,
  Gemm: gemm,
  Identity: identity,
  LayerNormalization: layerNormalization,
  Log: log,
  LogSoftmax: logSoftmax,
  MatMul: matMul,
  MaxPool: maxPool,
  Mul: multiply,
  Neg: negate,
  Pad: padding,
  Pow: pow,
  ReduceMax: reduceMax,
  ReduceMean: reduceMean,
  ReduceSum: reduceSum,
  Relu: relu,
  Reshape: reshape,
  Resize: resize,
  Sigmoid: sigmoid,
  SimplifiedLayerNormalization: simplifiedLayerNormalization,
  Slice: slice,
  Softmax: softmax,
  Split: split,
  Sqrt: sqrt,
  Squeeze: reshape,
  Sub: sub,
  Tanh: tanh,
  Transpose: transpose,
  Unsqueeze: reshape,
  Where: where,
  "com.microsoft.FusedMatMul": fusedMatMul,
};

/** Operators whose rule takes the gradients of several outputs. */
export const MULTIPLE_OUTPUTS: ReadonlySet<string> = new Set(["Split"]);

/** The operators that can be differentiated. */
export const DIFFERENTIABLE_OPERATORS: readonly string[] = Object.keys(RULES);

/** The rule of a node's operator. */
export function ruleOf({ opType, domain }: GraphNode): GradientRule | undefined {
  const key = domain === "" ? opType : `${domain}.${opType}`;
  return Object.hasOwn(RULES, key) ? RULES[key] : undefined;
}

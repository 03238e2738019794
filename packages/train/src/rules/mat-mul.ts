// MatMul, FusedMatMul, Gemm: products of matrices or of stacks of them, some read transposed.

import type { Value } from "@internvit/model-core";
import { reshape } from "@internvit/model-core/onnx";

import { scale } from "../ops/elementwise.ts";
import { product, type ProductOptions } from "../product.ts";
import {
  floatAttribute,
  type GradientRule,
  type InputGradients,
  intAttribute,
  type RuleCall,
  unsupportedForm,
} from "../rule.ts";
import { countOf, sizesOf } from "../sizes.ts";

/** dA = g Bᵀ, dB = Aᵀ g. */
export const matMul: GradientRule = (call) => factors(call, call.upstream, {});

/** The same with transposed operands and a factor. */
export const fusedMatMul: GradientRule = (call) => {
  const { graph, node, upstream } = call;
  for (const name of ["transBatchA", "transBatchB"]) {
    if (intAttribute(node, name, 0) !== 0) throw unsupportedForm(call, name);
  }
  return factors(call, scale(graph, upstream, floatAttribute(node, "alpha", 1)), turnsOf(call));
};

/** α A B + β C. */
export const gemm: GradientRule = (call) => {
  const { graph, node, upstream } = call;
  const scaled = scale(graph, upstream, floatAttribute(node, "alpha", 1));
  return [
    ...factors(call, scaled, turnsOf(call)),
    () => scale(graph, upstream, floatAttribute(node, "beta", 1)),
  ];
};

function turnsOf({ node }: RuleCall): ProductOptions {
  return {
    transposeLeft: intAttribute(node, "transA", 0) === 1,
    transposeRight: intAttribute(node, "transB", 0) === 1,
  };
}

function factors(call: RuleCall, upstream: Value, turns: ProductOptions): InputGradients {
  const { transposeLeft: turnLeft = false, transposeRight: turnRight = false } = turns;
  const [left, right] = [call.input(0), call.input(1)];
  // Rows of all samples against one weight: one large product instead of a stack whose results are summed.
  const rows = right.shape.length === 2 && !turnLeft;
  const a = rows ? asRows(call, left) : left;
  const g = rows ? asRows(call, upstream) : upstream;
  return [
    () => {
      const gradient = turnLeft
        ? product(call, [right, g], { transposeLeft: turnRight, transposeRight: true })
        : product(call, [g, right], { transposeRight: !turnRight });
      return rows ? reshape(call.graph, gradient, left.shape) : gradient;
    },
    () =>
      turnRight
        ? product(call, [g, a], { transposeLeft: true, transposeRight: turnLeft })
        : product(call, [a, g], { transposeLeft: !turnLeft }),
  ];
}

/** [..., k] as one matrix [rows, k]. */
function asRows({ graph }: RuleCall, value: Value): Value {
  const sizes = sizesOf(value);
  if (sizes.length === 2) return value;
  return reshape(graph, value, [countOf(sizes.slice(0, -1)), sizes.at(-1)!]);
}

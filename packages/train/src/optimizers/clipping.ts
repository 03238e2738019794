// The length of all gradients together, and torch.nn.utils.clip_grad_norm_. Squares are summed in stages: summed at
// once, the norm of two million gradients is off by 5e-5.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { add, div, mul, reshape, sqrt } from "@internvit/model-core/onnx";

import { scalar } from "../floats.ts";
import { total, totals } from "../losses/average.ts";
import { greater, where } from "../ops/elementwise.ts";

/** torch's guard against a norm of 0. */
const CLIP_EPSILON = 1e-6;

/** The sum of squares of each gradient, [gradients]. */
export function squaredLengths(graph: GraphBuilder, gradients: readonly Value[]): Value {
  return totals(graph, gradients, (gradient) => {
    const own = ofAnotherShape(graph, gradient);
    return mul(graph, own, own);
  });
}

/**
 * A matrix with an axis more. ONNX Runtime merges equal nodes: it would take AdamW's squares for these, and keep those of
 * all gradients from the backward pass, where these are needed, to the updates at the end.
 */
function ofAnotherShape(graph: GraphBuilder, gradient: Value): Value {
  const { shape } = gradient;
  return shape.length === 2 ? reshape(graph, gradient, [shape[0]!, 1, shape[1]!]) : gradient;
}

/** √Σ squares, [1]. */
export function globalNorm(graph: GraphBuilder, squares: Value): Value {
  return sqrt(graph, total(graph, squares));
}

/** What gradients are multiplied with so that their norm is at most `limit`: min(1, limit / (norm + 1e-6)), [1]. */
export function clipFactor(graph: GraphBuilder, norm: Value, limit: number): Value {
  const one = scalar(graph, norm, 1);
  const guarded = add(graph, norm, scalar(graph, norm, CLIP_EPSILON));
  const ratio = div(graph, scalar(graph, norm, limit), guarded);
  return where(graph, greater(graph, one, ratio), { yes: ratio, no: one });
}

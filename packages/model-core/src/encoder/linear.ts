// Linear maps of a graph, in their plain and their fused form.

import type { GraphBuilder, Value } from "../onnx/builder.ts";
import { biasGelu } from "../onnx/ops/contributed.ts";
import { add, gelu } from "../onnx/ops/elementwise.ts";
import { transpose } from "../onnx/ops/layout.ts";
import { fusedMatMul, matMul } from "../onnx/ops/linear-algebra.ts";
import type { Fusion } from "./fusion.ts";
import type { AffineValues } from "./parameters.ts";

/** The graph that is written, and the fused forms that it may use. */
export interface LinearContext {
  readonly graph: GraphBuilder;
  readonly fusions: ReadonlySet<Fusion>;
}

/** `x Wᵀ` for a weight that is stored [out, in]. */
export function project({ graph, fusions }: LinearContext, x: Value, weight: Value): Value {
  return fusions.has("transposed-weights")
    ? fusedMatMul(graph, x, weight, { transposeRight: true })
    : matMul(graph, x, transpose(graph, weight, [1, 0]));
}

/** `x Wᵀ + b`. */
export function linear(context: LinearContext, x: Value, { weight, bias }: AffineValues): Value {
  const product = project(context, x, weight);
  return bias === undefined ? product : add(context.graph, product, bias);
}

/** GELU(`x Wᵀ + b`), exact form. */
export function linearGelu(context: LinearContext, x: Value, map: AffineValues): Value {
  const { graph, fusions } = context;
  return fusions.has("bias-gelu") && map.bias !== undefined
    ? biasGelu(graph, project(context, x, map.weight), map.bias)
    : gelu(graph, linear(context, x, map));
}

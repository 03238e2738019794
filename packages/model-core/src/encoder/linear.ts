// Linear maps of a graph, in their plain, their fused and their converted forms.

import type { GraphBuilder, Value } from "../onnx/builder.ts";
import { biasGelu } from "../onnx/ops/contributed.ts";
import { add, cast, gelu } from "../onnx/ops/elementwise.ts";
import { transpose } from "../onnx/ops/layout.ts";
import { fusedMatMul, matMul } from "../onnx/ops/linear-algebra.ts";
import { dynamicQuantizeMatMul, matMulNBits } from "../onnx/ops/quantized.ts";
import { type ConvertedMap, isConverted, type LinearMap } from "../quantize/linear-map.ts";
import type { Fusion } from "./fusion.ts";
import { affine, type AffineValues } from "./parameters.ts";

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

/** `x Wᵀ + b`, in the form that the map has. */
export function linear(context: LinearContext, x: Value, map: LinearMap): Value {
  return isConverted(map)
    ? convertedLinear(context.graph, x, map)
    : affineLinear(context, x, affine(context.graph, map));
}

function affineLinear(context: LinearContext, x: Value, { weight, bias }: AffineValues): Value {
  const product = project(context, x, weight);
  return bias === undefined ? product : add(context.graph, product, bias);
}

function convertedLinear(graph: GraphBuilder, x: Value, map: ConvertedMap): Value {
  const bias = map.bias === undefined ? undefined : graph.external(map.bias);
  if (map.form === "float16") {
    const product = matMul(graph, cast(graph, x, "float16"), graph.external(map.weight));
    const wide = cast(graph, product, "float32");
    return bias === undefined ? wide : add(graph, wide, bias);
  }
  const values = graph.external(map.values);
  const scales = graph.external(map.scales);
  if (map.form === "dynamic") return dynamicQuantizeMatMul(graph, x, { values, scales, bias });
  const zeroPoints = map.zeroPoints === undefined ? undefined : graph.external(map.zeroPoints);
  const { bits, blockSize } = map;
  return matMulNBits(graph, x, { values, scales, zeroPoints, bias, bits, blockSize });
}

/** GELU(`x Wᵀ + b`), exact form. */
export function linearGelu(context: LinearContext, x: Value, map: LinearMap): Value {
  const { graph, fusions } = context;
  if (isConverted(map) || !fusions.has("bias-gelu") || map.bias === undefined) {
    return gelu(graph, linear(context, x, map));
  }
  const { weight, bias } = affine(graph, map);
  return biasGelu(graph, project(context, x, weight), bias as Value);
}

// The tiny graph that shows whether a provider multiplies in float16 as it should: on WebGPU such products have come
// out as garbage or NaN without an error (user reports of ONNX Runtime Web on several adapters).

import { float32ToFloat16 } from "../float-bits.ts";
import { createGraphBuilder, type Value } from "../onnx/builder.ts";
import { encodeGraphModel } from "../onnx/encode-model.ts";
import { cast } from "../onnx/ops/elementwise.ts";
import { matMul } from "../onnx/ops/linear-algebra.ts";
import { probeInput } from "./probe-graph.ts";

/** ModelProto bytes: a linear map as dtype `f16` has it, `x` to `y`, shapes as in the other probe graphs. */
export function buildHalfProbe(): Uint8Array<ArrayBuffer> {
  const { shape } = probeInput();
  const width = shape.at(-1) ?? 0;
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", shape);
  const values = Float32Array.from({ length: width * width }, (_, i) => Math.cos(i * 0.61));
  const data = new Uint16Array(values.length);
  float32ToFloat16(values, data);
  const weight: Value = graph.constant({ dtype: "float16", shape: [width, width], data });
  const product = matMul(graph, cast(graph, x, "float16"), weight);
  graph.output("y", cast(graph, product, "float32"));
  return encodeGraphModel(graph.finish("probe-half"));
}

/**
 * Largest error that counts as right, relative to the largest expected value. Sums in float32 of float16 products are
 * off by 9e-4, sums in float16 by 2e-3; wrong ones by tenths.
 */
export const HALF_PROBE_TOLERANCE = 1e-2;

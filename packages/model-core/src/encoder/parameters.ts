// Checkpoint tensors as values of a graph: bytes stay in the file, 16-bit floats get a Cast that the session folds
// when it loads.

import type { Affine, WeightSlice } from "../checkpoint/encoder-tensors.ts";
import type { GraphBuilder, Value } from "../onnx/builder.ts";
import { cast, mul } from "../onnx/ops/elementwise.ts";
import { reshape } from "../onnx/ops/layout.ts";

/** A weight with the bias that belongs to it. */
export interface AffineValues {
  readonly weight: Value;
  readonly bias: Value | undefined;
}

/** A checkpoint tensor in float32. */
export function parameter(graph: GraphBuilder, slice: WeightSlice): Value {
  const { name, dtype, shape, file, start, byteLength } = slice;
  // Slices of one tensor (query, key, value of a fused projection) share its name.
  const stored = graph.external({
    name: `${name}@${start}`,
    dtype,
    shape,
    file,
    start,
    byteLength,
  });
  return cast(graph, stored, "float32");
}

/** Weight and bias in float32. */
export function affine(graph: GraphBuilder, slices: Affine): AffineValues {
  return {
    weight: parameter(graph, slices.weight),
    bias: slices.bias === undefined ? undefined : parameter(graph, slices.bias),
  };
}

/** `scale ⊙ (W x + b)` as one affine map: each output row of W, and b, multiplied by its scale. */
export function scaleAffine(
  graph: GraphBuilder,
  { weight, bias }: AffineValues,
  scale: Value,
): AffineValues {
  const column = reshape(graph, scale, [...scale.shape, 1]);
  return {
    weight: mul(graph, weight, column),
    bias: bias === undefined ? undefined : mul(graph, bias, scale),
  };
}

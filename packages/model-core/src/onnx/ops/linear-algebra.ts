// Matrix products and the patch convolution.

import { ModelError } from "../../errors.ts";
import { type GraphBuilder, single, type Value } from "../builder.ts";
import type { Dimension } from "../graph.ts";
import { broadcastShapes, formatShape, refuseShapes } from "../shape.ts";

/** Which operands of `fusedMatMul` are transposed in their last two axes, and a factor for the product. */
export interface FusedMatMulOptions {
  readonly transposeLeft?: boolean;
  readonly transposeRight?: boolean;
  readonly alpha?: number;
}

function productShape(
  operator: string,
  left: readonly Dimension[],
  right: readonly Dimension[],
): readonly Dimension[] {
  const [rows, inner] = left.slice(-2);
  const [sameInner, columns] = right.slice(-2);
  if (left.length < 2 || right.length < 2 || inner !== sameInner) {
    refuseShapes(operator, "[…, m, k] and [k, n] with one k", [left, right]);
  }
  const batch = broadcastShapes(operator, left.slice(0, -2), right.slice(0, -2));
  return [...batch, rows as Dimension, columns as Dimension];
}

/** Matrix product of the last two axes, [..., m, k] × [..., k, n] → [..., m, n]; leading axes broadcast. */
export function matMul(graph: GraphBuilder, left: Value, right: Value): Value {
  const shape = productShape("MatMul", left.shape, right.shape);
  return single(
    graph.addNode({
      opType: "MatMul",
      inputs: [left, right],
      outputs: [{ dtype: left.dtype, shape }],
    }),
  );
}

function swapped(shape: readonly Dimension[], swap: boolean): readonly Dimension[] {
  return swap ? [...shape.slice(0, -2), ...shape.slice(-2).toReversed()] : shape;
}

/** `matMul` with transposed operands, ONNX Runtime's own operator: the transposed copy is never made. */
export function fusedMatMul(
  graph: GraphBuilder,
  left: Value,
  right: Value,
  options: FusedMatMulOptions = {},
): Value {
  const { transposeLeft = false, transposeRight = false, alpha = 1 } = options;
  const shape = productShape(
    "FusedMatMul",
    swapped(left.shape, transposeLeft),
    swapped(right.shape, transposeRight),
  );
  return single(
    graph.addNode({
      opType: "FusedMatMul",
      domain: "com.microsoft",
      inputs: [left, right],
      attributes: {
        transA: { kind: "int", value: Number(transposeLeft) },
        transB: { kind: "int", value: Number(transposeRight) },
        alpha: { kind: "float", value: alpha },
      },
      outputs: [{ dtype: left.dtype, shape }],
    }),
  );
}

/**
 * 2-D convolution without padding whose stride is its kernel: `[n, c, h, w]` with `[m, c, k, k]` and bias `[m]` →
 * `[n, m, h/k, w/k]`. Sides that are no multiple of k are refused, not cut.
 */
export function patchConvolution(
  graph: GraphBuilder,
  image: Value,
  parameters: { readonly weight: Value; readonly bias: Value },
): Value {
  const { weight, bias } = parameters;
  const [batch, channels, height, width] = image.shape;
  const [filters, inner, kernel, kernelWidth] = weight.shape;
  const fits =
    image.shape.length === 4 &&
    weight.shape.length === 4 &&
    channels === inner &&
    kernel === kernelWidth &&
    bias.shape.length === 1 &&
    bias.shape[0] === filters;
  if (!fits) {
    refuseShapes("Conv", "[n, c, h, w], [m, c, k, k] and [m]", [
      image.shape,
      weight.shape,
      bias.shape,
    ]);
  }
  const patches = (side: Dimension | undefined): number => {
    const count = Number(side) / Number(kernel);
    if (!Number.isInteger(count) || count < 1) {
      throw new ModelError(
        "invalid-argument",
        `Conv needs sides that are a multiple of ${String(kernel)}, got ${formatShape(image.shape)}`,
      );
    }
    return count;
  };
  const shape = [batch as Dimension, filters as Dimension, patches(height), patches(width)];
  return single(
    graph.addNode({
      opType: "Conv",
      inputs: [image, weight, bias],
      attributes: {
        kernel_shape: { kind: "ints", value: [Number(kernel), Number(kernel)] },
        strides: { kind: "ints", value: [Number(kernel), Number(kernel)] },
      },
      outputs: [{ dtype: image.dtype, shape }],
    }),
  );
}

// The matrix product with transposed operands that every execution provider has.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { broadcastShapes, formatShape, refuseShapes, single } from "@internvit/model-core/onnx";

/** Options of `gemm`. */
export interface GemmOptions {
  readonly transposeLeft?: boolean;
  readonly transposeRight?: boolean;
  /** Added to the product; broadcasts to it. */
  readonly bias?: Value;
}

/** `left right + bias` for matrices [m, k] and [k, n], each read transposed where it is asked for. */
export function gemm(
  graph: GraphBuilder,
  left: Value,
  right: Value,
  options: GemmOptions = {},
): Value {
  const { transposeLeft = false, transposeRight = false, bias } = options;
  const [rows, inner] = transposeLeft ? left.shape.toReversed() : left.shape;
  const [same, columns] = transposeRight ? right.shape.toReversed() : right.shape;
  if (left.shape.length !== 2 || right.shape.length !== 2 || inner !== same) {
    refuseShapes("Gemm", "[m, k] and [k, n] with one k", [left.shape, right.shape]);
  }
  const shape = [rows!, columns!];
  if (bias !== undefined) {
    const summed = broadcastShapes("Gemm", shape, bias.shape);
    if (formatShape(summed) !== formatShape(shape)) {
      refuseShapes("Gemm", "a bias that broadcasts to the product", [shape, bias.shape]);
    }
  }
  return single(
    graph.addNode({
      opType: "Gemm",
      inputs: bias === undefined ? [left, right] : [left, right, bias],
      attributes: {
        transA: { kind: "int", value: Number(transposeLeft) },
        transB: { kind: "int", value: Number(transposeRight) },
      },
      outputs: [{ dtype: left.dtype, shape }],
    }),
  );
}

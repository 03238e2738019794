// Matrix products with quantised weights: operators that ONNX Runtime contributes. Both take float32 and give
// float32; what happens in between is in the quantize folder.

import { blocksPerRow, type WeightBits } from "../../quantize/blockwise.ts";
import { type GraphBuilder, single, type Value } from "../builder.ts";
import type { Attribute, Dimension } from "../graph.ts";
import { refuseShapes } from "../shape.ts";

/** The product is computed from 8-bit inputs, quantised per row and block. */
const INT8_INPUTS = 4;

function int(value: number): Attribute {
  return { kind: "int", value };
}

/** `x Wᵀ + b` with W in blocks of 8 or 4 bits; [..., inputs] → [..., outputs]. */
export function matMulNBits(
  graph: GraphBuilder,
  x: Value,
  weight: {
    readonly values: Value;
    readonly scales: Value;
    readonly zeroPoints: Value | undefined;
    readonly bias: Value | undefined;
    readonly bits: WeightBits;
    readonly blockSize: number;
  },
): Value {
  const { values, scales, zeroPoints, bias, bits, blockSize } = weight;
  const inputs = Number(x.shape.at(-1));
  const outputs = Number(values.shape[0]);
  const blocks = blocksPerRow({ inputs, blockSize });
  if (values.shape[1] !== blocks || values.shape[2] !== (blockSize * bits) / 8) {
    refuseShapes("MatMulNBits", "[…, k] and [n, blocks of k, bytes of a block]", [
      x.shape,
      values.shape,
    ]);
  }
  return single(
    graph.addNode({
      opType: "MatMulNBits",
      domain: "com.microsoft",
      inputs: [x, values, scales, zeroPoints, undefined, bias],
      attributes: {
        K: int(inputs),
        N: int(outputs),
        bits: int(bits),
        block_size: int(blockSize),
        accuracy_level: int(INT8_INPUTS),
      },
      outputs: [{ dtype: "float32", shape: [...x.shape.slice(0, -1), outputs] }],
    }),
  );
}

/**
 * `x W + b` with int8 weights [inputs, outputs], one scale per output, and x quantised to 8 bits with one scale for
 * the whole of it: the range of the largest row is every row's. [..., inputs] → [..., outputs].
 */
export function dynamicQuantizeMatMul(
  graph: GraphBuilder,
  x: Value,
  weight: { readonly values: Value; readonly scales: Value; readonly bias: Value | undefined },
): Value {
  const { values, scales, bias } = weight;
  const [inputs, outputs] = values.shape;
  if (inputs !== x.shape.at(-1) || scales.shape[0] !== outputs) {
    refuseShapes("DynamicQuantizeMatMul", "[…, k], [k, n] and [n]", [
      x.shape,
      values.shape,
      scales.shape,
    ]);
  }
  return single(
    graph.addNode({
      opType: "DynamicQuantizeMatMul",
      domain: "com.microsoft",
      inputs: [x, values, scales, undefined, bias],
      outputs: [{ dtype: "float32", shape: [...x.shape.slice(0, -1), outputs as Dimension] }],
    }),
  );
}

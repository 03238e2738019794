// Matrix products of the backward pass, in the fastest form that the operands allow: Gemm for matrices, which reads
// either operand transposed; for stacks of matrices Transpose and MatMul, which runs everywhere and which ONNX Runtime's
// CPU optimizer fuses, or ONNX Runtime's own FusedMatMul (CPU and CUDA, not WebGPU).

import type { GraphBuilder, Value } from "@internvit/model-core";
import { fusedMatMul, matMul } from "@internvit/model-core/onnx";

import { gemm } from "./ops/gemm.ts";
import { swapped } from "./transposed.ts";

/** Which operands are read transposed in their last two axes. */
export interface ProductOptions {
  readonly transposeLeft?: boolean;
  readonly transposeRight?: boolean;
}

/** `left right`, [..., m, k] × [..., k, n]; leading axes broadcast. */
export function product(
  { graph, fusedMatMul: fuses }: { readonly graph: GraphBuilder; readonly fusedMatMul: boolean },
  operands: readonly [Value, Value],
  options: ProductOptions = {},
): Value {
  const [left, turnLeft] = untransposed(graph, operands[0], {
    turn: options.transposeLeft ?? false,
    fuses,
  });
  const [right, turnRight] = untransposed(graph, operands[1], {
    turn: options.transposeRight ?? false,
    fuses,
  });
  const turns = { transposeLeft: turnLeft, transposeRight: turnRight };
  if (!turnLeft && !turnRight) return matMul(graph, left, right);
  const rank = Math.max(left.shape.length, right.shape.length);
  if (rank === 2) return gemm(graph, left, right, turns);
  if (fuses && left.shape.length === right.shape.length) {
    return fusedMatMul(graph, left, right, turns);
  }
  return matMul(
    graph,
    turnLeft ? swapped(graph, left) : left,
    turnRight ? swapped(graph, right) : right,
  );
}

/**
 * The same operand without its own Transpose, where that cancels the one that is asked for, or where a new order of its
 * axes is as good.
 */
function untransposed(
  graph: GraphBuilder,
  value: Value,
  options: { readonly turn: boolean; readonly fuses: boolean },
): readonly [Value, boolean] {
  const { turn, fuses } = options;
  if (!turn || graph.producer(value)?.opType !== "Transpose") return [value, turn];
  const plain = swapped(graph, value);
  const cancels = graph.producer(plain)?.opType !== "Transpose";
  return cancels || !fuses ? [plain, false] : [value, true];
}

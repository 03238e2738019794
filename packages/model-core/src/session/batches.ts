// Cutting the first axis of tensors and joining it again.

import type { EncoderOutput } from "../encoder/outputs.ts";
import type { Tensor } from "../tensor.ts";

/** Consecutive parts of at most `size` along axis 0; copies, which the session's thread may take. */
export function* splitBatches<T extends Tensor<"uint8"> | Tensor<"float32">>(
  tensor: T,
  size: number,
): Generator<T> {
  const [count = 0, ...rest] = tensor.shape;
  const stride = tensor.data.length / Math.max(count, 1);
  for (let start = 0; start < count; start += size) {
    const end = Math.min(start + size, count);
    const data = tensor.data.slice(start * stride, end * stride);
    yield { ...tensor, shape: [end - start, ...rest], data };
  }
}

/** The runs' outputs, each joined along axis 0. */
export function concatBatches(
  parts: readonly Readonly<Record<string, Tensor>>[],
): Partial<Record<EncoderOutput, Tensor<"float32">>> {
  const [first = {}] = parts;
  const joined: Record<string, Tensor<"float32">> = {};
  for (const name of Object.keys(first)) {
    const tensors = parts.map((part) => part[name] as Tensor<"float32">);
    joined[name] = tensors.length === 1 ? (tensors[0] as Tensor<"float32">) : concat(tensors);
  }
  return joined;
}

function concat(tensors: readonly Tensor<"float32">[]): Tensor<"float32"> {
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let offset = 0;
  let count = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, offset);
    offset += tensor.data.length;
    count += tensor.shape[0] ?? 0;
  }
  return { dtype: "float32", shape: [count, ...(tensors[0]?.shape.slice(1) ?? [])], data };
}

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

/** Outputs that grow run by run. */
export interface JoinedBatches {
  /** Puts a run's outputs behind those of the runs before. What is handed in is the join's. */
  add(part: Readonly<Record<string, Tensor>>): void;
  /** Each output, once all runs are there. */
  readonly outputs: Partial<Record<EncoderOutput, Tensor<"float32">>>;
}

/** Nothing yet of outputs with `count` along axis 0. A part is copied when it comes, so that no copy is a long one. */
export function joinBatches(count: number): JoinedBatches {
  const outputs: Record<string, Tensor<"float32">> = {};
  let done = 0;
  return {
    outputs,
    add(part) {
      let added = 0;
      for (const [name, tensor] of Object.entries(part as Record<string, Tensor<"float32">>)) {
        const [size = 0, ...rest] = tensor.shape;
        added = size;
        if (size === count) {
          outputs[name] = tensor;
          continue;
        }
        const stride = tensor.data.length / size;
        const joined = (outputs[name] ??= {
          dtype: "float32",
          shape: [count, ...rest],
          data: new Float32Array(count * stride),
        });
        joined.data.set(tensor.data, done * stride);
      }
      done += added;
    },
  };
}

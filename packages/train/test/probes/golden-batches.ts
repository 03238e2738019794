// What a golden training is fed: tensors with a row for each step.

import type { Tensor } from "@internvit/model-core";
import type { GoldenTensor } from "@internvit/test-kit/portable";

import type { Tensors } from "../../src/index.ts";

/** The batch of a step. */
export function batchOf(fed: Readonly<Record<string, readonly Tensor[]>>, step: number): Tensors {
  return Object.fromEntries(Object.entries(fed).map(([name, steps]) => [name, steps[step]!]));
}

/** A tensor [steps, …] as one tensor for each step. */
export function batches(
  tensors: ReadonlyMap<string, GoldenTensor>,
  name: string,
): readonly Tensor[] {
  const { dtype, shape, data } = tensors.get(name)!;
  const [steps = 0, ...rest] = shape;
  const size = data.length / steps;
  return Array.from({ length: steps }, (_, step): Tensor => {
    const part = data.slice(step * size, (step + 1) * size);
    return dtype === "U8"
      ? { dtype: "uint8", shape: rest, data: part as Uint8Array }
      : { dtype: "float32", shape: rest, data: part as Float32Array };
  });
}

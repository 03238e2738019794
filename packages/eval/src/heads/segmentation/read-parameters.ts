// An encoder's weights in memory, as a training starts with them.

import {
  bfloat16ToFloat32,
  type Checkpoint,
  type ExternalInitializer,
  float16ToFloat32,
  readTensor,
  type StoredTensor,
  type Tensor,
} from "@internvit/model-core";
import type { Tensors } from "@internvit/train";

import { POSITIONS } from "./published-weights.ts";

/** The weights that a graph is fed, under `names`; the position embedding is `positions`, [1, 1 + patches, width]. */
export async function readParameters(
  checkpoint: Checkpoint,
  options: {
    readonly weights: readonly ExternalInitializer[];
    readonly names: ReadonlyMap<string, string>;
    readonly positions: Tensor<"float32">;
  },
): Promise<Tensors> {
  const { weights, names, positions } = options;
  const [, count = 0, width = 0] = positions.shape;
  const { data } = positions;
  const parameters: Record<string, Tensor> = {
    [`${POSITIONS}@0`]: { ...positions, shape: [1, 1, width], data: data.slice(0, width) },
    [`${POSITIONS}@1`]: { ...positions, shape: [1, count - 1, width], data: data.slice(width) },
  };
  for (const weight of weights) {
    const name = names.get(weight.name)!;
    if (!Object.hasOwn(parameters, name)) parameters[name] = await readFloats(checkpoint, weight);
  }
  return parameters;
}

/** A tensor, or a part of one, in float32. */
export async function readFloats(
  { files }: Checkpoint,
  entry: StoredTensor & { readonly file: string },
): Promise<Tensor<"float32">> {
  const { dtype, shape, data } = await readTensor(files.get(entry.file)!, entry);
  if (dtype === "float32") return { dtype, shape, data: data as Float32Array };
  const bits = data as Uint16Array;
  const floats = dtype === "bfloat16" ? bfloat16ToFloat32(bits) : float16ToFloat32(bits);
  return { dtype: "float32", shape, data: floats };
}

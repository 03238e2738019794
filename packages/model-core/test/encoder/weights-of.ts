import {
  arrangeEncoderWeights,
  type EncoderWeights,
  type WeightSlice,
} from "../../src/checkpoint/encoder-tensors.ts";
import { expectedTensors } from "../../src/checkpoint/expected-tensors.ts";
import type { EncoderConfig } from "../../src/config/encoder-config.ts";
import { elementCount } from "../../src/tensor.ts";

/** The weights of a model of any size in a bfloat16 file that nobody has to write. */
export function weightsOf(config: EncoderConfig): EncoderWeights {
  const naming = { scheme: "standalone", prefix: "" } as const;
  const slices = new Map<string, WeightSlice>();
  let start = 0;
  for (const [name, shape] of expectedTensors(config, naming)) {
    const byteLength = 2 * elementCount(shape);
    slices.set(name, {
      name,
      dtype: "bfloat16",
      shape,
      file: "model.safetensors",
      start,
      byteLength,
    });
    start += byteLength;
  }
  return arrangeEncoderWeights(slices, { config, naming });
}

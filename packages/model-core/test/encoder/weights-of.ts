import {
  arrangeEncoderWeights,
  type EncoderWeights,
  type WeightSlice,
} from "../../src/checkpoint/encoder-tensors.ts";
import { type ExpectedTensors, expectedTensors } from "../../src/checkpoint/expected-tensors.ts";
import {
  arrangeProjectorWeights,
  expectedProjectorTensors,
  PROJECTOR_NAMINGS,
  type ProjectorWeights,
} from "../../src/checkpoint/projector-tensors.ts";
import type { EncoderConfig } from "../../src/config/encoder-config.ts";
import { elementCount } from "../../src/tensor.ts";

/** The weights of a model of any size in a bfloat16 file that nobody has to write. */
export function weightsOf(config: EncoderConfig): EncoderWeights {
  const naming = { scheme: "standalone", prefix: "" } as const;
  const slices = slicesOf(expectedTensors(config, naming), "model.safetensors");
  return arrangeEncoderWeights(slices, { config, naming });
}

/** The same of a projector. */
export function projectorOf(
  { hiddenSize }: EncoderConfig,
  { projectorWidth: width }: { readonly projectorWidth: number },
): ProjectorWeights {
  const [naming] = PROJECTOR_NAMINGS;
  const expected = expectedProjectorTensors({ inputWidth: 4 * hiddenSize, width }, naming);
  return arrangeProjectorWeights(slicesOf(expected, "projector.safetensors"), naming);
}

function slicesOf(expected: ExpectedTensors, file: string): Map<string, WeightSlice> {
  const slices = new Map<string, WeightSlice>();
  let start = 0;
  for (const [name, shape] of expected) {
    const byteLength = 2 * elementCount(shape);
    slices.set(name, { name, dtype: "bfloat16", shape, file, start, byteLength });
    start += byteLength;
  }
  return slices;
}

// The checkpoint's own weights once more, each at an aligned place. In a checkpoint a tensor begins where the one
// before it ends, at any even byte: CUDA's libraries refuse such addresses.

import type { EncoderWeights, WeightSlice } from "../checkpoint/encoder-tensors.ts";
import type { ProjectorWeights } from "../checkpoint/projector-tensors.ts";
import { float32ToBfloat16, float32ToFloat16 } from "../float-bits.ts";
import { createDerivedFile, type DerivedData, type DerivedFile } from "./derived-file.ts";
import type { DerivedWeights } from "./plan-weights.ts";

/** The weights of an encoder or a projector in a file of their own, in the checkpoint's element types. */
export function planAlignedWeights<Weights extends EncoderWeights | ProjectorWeights>(
  weights: Weights,
  options: {
    /** What the graph calls the file. */
    readonly file: string;
    /** Makes float32 of everything, for devices that do not know the checkpoint's types. Default false. */
    readonly float32?: boolean;
  },
): DerivedWeights<Weights> {
  const file = createDerivedFile(options.file);
  const copy = (slice: WeightSlice): WeightSlice =>
    copySlice(file, slice, options.float32 === true ? "float32" : slice.dtype);
  const aligned = mapSlices(weights, copy) as Weights;
  const { groups, byteLength } = file;
  return { weights: aligned, groups, byteLength, maps: [] };
}

/** The same table with every slice replaced, whatever its structure. */
function mapSlices(value: unknown, replace: (slice: WeightSlice) => WeightSlice): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => mapSlices(entry, replace));
  if ("start" in value && "byteLength" in value) return replace(value as WeightSlice);
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, mapSlices(entry, replace)]),
  );
}

function copySlice(
  file: DerivedFile,
  slice: WeightSlice,
  dtype: WeightSlice["dtype"],
): WeightSlice {
  const { name, shape } = slice;
  const [copy] = file.add([{ name, dtype, shape }], {
    reads: [slice],
    make: async (read) => [toStored(await read(slice), dtype)],
  });
  return { ...copy, dtype };
}

/** The bits that were read: 16-bit floats are float32 without a remainder, so nothing is rounded. */
function toStored(values: Float32Array<ArrayBuffer>, dtype: WeightSlice["dtype"]): DerivedData {
  if (dtype === "float32") return values;
  const bits = new Uint16Array(values.length);
  if (dtype === "bfloat16") float32ToBfloat16(values, bits);
  else float32ToFloat16(values, bits);
  return bits;
}

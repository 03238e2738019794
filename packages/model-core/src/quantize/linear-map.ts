// A linear map of the graph in any of its forms: as the checkpoint has it, or converted.

import type { Affine } from "../checkpoint/encoder-tensors.ts";
import type { ExternalInitializer } from "../onnx/graph.ts";
import type { WeightBits } from "./blockwise.ts";

/** A tensor in a file, of any type. */
export type StoredTensorSlice = Omit<ExternalInitializer, "kind">;

/** Weights and products in float16. */
export interface HalfMap {
  readonly form: "float16";
  /** [inputs, outputs]. */
  readonly weight: StoredTensorSlice;
  /** float32 [outputs]. */
  readonly bias: StoredTensorSlice | undefined;
}

/** Weights in blocks of 8 or 4 bits, see `quantizeBlockwise`; inputs are quantised per row and block on a CPU. */
export interface BlockwiseMap {
  readonly form: "blockwise";
  readonly bits: WeightBits;
  readonly blockSize: number;
  readonly values: StoredTensorSlice;
  readonly scales: StoredTensorSlice;
  readonly zeroPoints: StoredTensorSlice | undefined;
  readonly bias: StoredTensorSlice | undefined;
}

/** int8 weights with one scale per output, see `quantizePerChannel`; inputs are quantised with one scale per run. */
export interface DynamicMap {
  readonly form: "dynamic";
  readonly values: StoredTensorSlice;
  readonly scales: StoredTensorSlice;
  readonly bias: StoredTensorSlice | undefined;
}

/** A map in another form than the checkpoint's. A layer scale that follows it is multiplied in. */
export type ConvertedMap = HalfMap | BlockwiseMap | DynamicMap;

/** A map in any form. */
export type LinearMap = Affine | ConvertedMap;

/** True for a converted map. */
export function isConverted(map: LinearMap): map is ConvertedMap {
  return "form" in map;
}

// The encoder's weights by what they do, whatever the checkpoint calls them. Everything downstream (graph builder,
// conversions) reads this table and never a tensor name.

import type { EncoderConfig } from "../config/encoder-config.ts";
import { embeddingNames, layerNames, type TensorNaming } from "./naming.ts";

/** Element types that weights may have. */
export type WeightDtype = "float32" | "float16" | "bfloat16";

/** Contiguous weights in a file. */
export interface WeightSlice {
  /** The checkpoint's name of the tensor that they are, or are rows of. */
  readonly name: string;
  readonly dtype: WeightDtype;
  readonly shape: readonly number[];
  /** Key into `Checkpoint.files`. */
  readonly file: string;
  /** First byte, counted from the start of the file. */
  readonly start: number;
  readonly byteLength: number;
}

/** A weight with the bias that may go with it. */
export interface Affine {
  readonly weight: WeightSlice;
  readonly bias: WeightSlice | undefined;
}

/**
 * The weights of one layer. C = hidden size, M = MLP width; linear weights are [outputs, inputs]. `Map` is what a
 * linear map is: a weight and bias of the checkpoint, or what they were converted to.
 */
export interface LayerWeights<Map = Affine> {
  /** [C]; bias with layer norm only. */
  readonly norm1: Affine;
  /** [C, C]; bias [C] with `qkvBias` only. The same of key and value. */
  readonly query: Map;
  readonly key: Map;
  readonly value: Map;
  /** [C], with `qkNormalization` only. */
  readonly queryNorm: WeightSlice | undefined;
  readonly keyNorm: WeightSlice | undefined;
  /** [C, C] and [C]. */
  readonly projection: Map;
  /** [C]; bias with layer norm only. */
  readonly norm2: Affine;
  /** [M, C] and [M]. */
  readonly fc1: Map;
  /** [C, M] and [C]. */
  readonly fc2: Map;
  /** [C]. */
  readonly layerScale1: WeightSlice;
  readonly layerScale2: WeightSlice;
  /** int64 [columns]: channels of a norm's output that the maps after it read again, after all others. */
  readonly attentionSpread?: SpreadSlice | undefined;
  readonly mlpSpread?: SpreadSlice | undefined;
}

/** Channel indices in a file that a conversion made. */
export interface SpreadSlice extends Omit<WeightSlice, "dtype"> {
  readonly dtype: "int64";
}

/** All weights of an encoder; `Map` as in `LayerWeights`. */
export interface EncoderWeights<Map = Affine> {
  /** [1, 1, C]. */
  readonly classEmbedding: WeightSlice;
  /** [1, 1 + G², C]: the class token, then G×G patches in row-major order. */
  readonly positionEmbedding: WeightSlice;
  /** [C, channels, patch, patch] and [C]. */
  readonly patchEmbedding: Affine;
  readonly layers: readonly LayerWeights<Map>[];
}

/** Options of `arrangeEncoderWeights`. */
export interface ArrangeOptions {
  readonly config: EncoderConfig;
  readonly naming: TensorNaming;
}

/** The weights by role. `slices` must hold every expected tensor, and no other: an absent bias means that there is none. */
export function arrangeEncoderWeights(
  slices: ReadonlyMap<string, WeightSlice>,
  { config, naming }: ArrangeOptions,
): EncoderWeights {
  const required = (name: string): WeightSlice => {
    const slice = slices.get(name);
    if (slice === undefined) throw new Error(`the expected tensors do not include ${name}`);
    return slice;
  };
  const affine = (name: string): Affine => ({
    weight: required(`${name}.weight`),
    bias: slices.get(`${name}.bias`),
  });

  const embeddings = embeddingNames(naming);
  const layers = Array.from({ length: config.numHiddenLayers }, (_, index): LayerWeights => {
    const names = layerNames(naming, index);
    const { attention } = names;
    const [query, key, value] =
      "qkv" in attention
        ? splitRows(affine(attention.qkv))
        : [affine(attention.query), affine(attention.key), affine(attention.value)];
    return {
      norm1: affine(names.norm1),
      query,
      key,
      value,
      queryNorm: slices.get(`${names.queryNorm}.weight`),
      keyNorm: slices.get(`${names.keyNorm}.weight`),
      projection: affine(names.projection),
      norm2: affine(names.norm2),
      fc1: affine(names.fc1),
      fc2: affine(names.fc2),
      layerScale1: required(names.layerScale1),
      layerScale2: required(names.layerScale2),
    };
  });
  return {
    classEmbedding: required(embeddings.classEmbedding),
    positionEmbedding: required(embeddings.positionEmbedding),
    patchEmbedding: affine(embeddings.patchEmbedding),
    layers,
  };
}

/** The fused linear layer as three: rows are contiguous, so each third is again a slice of the file. */
function splitRows({ weight, bias }: Affine): [Affine, Affine, Affine] {
  const third = (index: number): Affine => ({
    weight: rowsOf(weight, index),
    bias: bias === undefined ? undefined : rowsOf(bias, index),
  });
  return [third(0), third(1), third(2)];
}

function rowsOf(slice: WeightSlice, index: number): WeightSlice {
  const [rows = 0, ...rest] = slice.shape;
  const byteLength = slice.byteLength / 3;
  return {
    ...slice,
    shape: [rows / 3, ...rest],
    start: slice.start + index * byteLength,
    byteLength,
  };
}

// How large an encoder this package accepts, and which variants. A config.json is untrusted: a number in it decides
// how many nodes a graph gets and how many names a report lists, so each is bounded well above every published
// model (largest: 48 layers, width 3200, MLP 12,800, 448 px) and well below what would fill the memory.

import { describeValue } from "../describe-value.ts";
import { ModelError } from "../errors.ts";
import type { EncoderConfig } from "./encoder-config.ts";
import { fieldName, type JsonPlace } from "./parse-with.ts";

/** Each layer costs some kilobytes of graph and about 15 tensor names. */
const MAX_HIDDEN_LAYERS = 512;
/** One linear layer of this width has 2^30 weights. */
export const MAX_HIDDEN_SIZE = 32_768;
/** Four times the widest residual stream, as in every published model. */
const MAX_INTERMEDIATE_SIZE = 131_072;
/** Pixels; at 14 px a patch this is 1.4 million tokens, far beyond what attention can hold. */
export const MAX_IMAGE_SIZE = 16_384;
/** Pixels; 37 times the published side. */
const MAX_PATCH_SIZE = 512;
/** Hyperspectral cameras stay below this. */
const MAX_CHANNELS = 256;

const MAXIMA = [
  ["numHiddenLayers", "num_hidden_layers", MAX_HIDDEN_LAYERS],
  ["hiddenSize", "hidden_size", MAX_HIDDEN_SIZE],
  ["intermediateSize", "intermediate_size", MAX_INTERMEDIATE_SIZE],
  ["imageSize", "image_size", MAX_IMAGE_SIZE],
  ["patchSize", "patch_size", MAX_PATCH_SIZE],
  ["numChannels", "num_channels", MAX_CHANNELS],
] as const;

/**
 * Checks that the sizes are within the limits and fit together.
 *
 * @throws ModelError `unsupported` beyond a limit and when the patches do not divide the image; `malformed` when the
 *   heads do not divide the width.
 */
export function checkEncoderConfig(config: EncoderConfig, place: JsonPlace): void {
  for (const [key, field, maximum] of MAXIMA) {
    const value = config[key];
    if (value > maximum) throw unsupportedField(field, `at most ${maximum}`, value, place);
  }
  const { hiddenSize, numAttentionHeads, imageSize, patchSize } = config;
  if (hiddenSize % numAttentionHeads !== 0) {
    const expected = `a divisor of hidden_size ${hiddenSize}`;
    const field = fieldName("num_attention_heads", place);
    throw new ModelError(
      "malformed",
      `${place.subject}: ${field}: expected ${expected}, found ${numAttentionHeads}`,
      { subject: place.subject },
    );
  }
  if (imageSize % patchSize !== 0) {
    throw unsupportedField("image_size", `a multiple of patch_size ${patchSize}`, imageSize, place);
  }
}

/** A norm type that the encoder has. */
export function readNormType(value: string, place: JsonPlace): EncoderConfig["normType"] {
  if (value === "layer_norm" || value === "rms_norm") return value;
  throw unsupportedField("norm_type", "layer_norm or rms_norm", value, place);
}

/** An activation that the encoder has. */
export function readHiddenAct(value: string, place: JsonPlace): EncoderConfig["hiddenAct"] {
  if (value === "gelu") return value;
  throw unsupportedField("hidden_act", "gelu", value, place);
}

/** The error for a well-formed field that asks for something this package does not do. */
export function unsupportedField(
  field: string,
  expected: string,
  found: unknown,
  place: JsonPlace,
): ModelError {
  return new ModelError(
    "unsupported",
    `${place.subject}: ${fieldName(field, place)}: expected ${expected}, found ${describeValue(found)}`,
    { subject: place.subject },
  );
}

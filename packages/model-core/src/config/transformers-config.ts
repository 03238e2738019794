// The fields of transformers' `InternVLVisionConfig` and the defaults of that Python class for the absent ones,
// which are those of the 300M model and not OpenGVLab's (transformers 5.18,
// models/internvl/configuration_internvl.py). Sizes may be pairs [height, width].
//
// Refused because the encoder of this package would compute something else: a final layer norm, no position
// embedding, sides that differ, and query/key norms beside an epsilon other than 1e-6 (the Python class passes the
// configured epsilon to the block norms only).

import * as z from "zod/mini";
import type { EncoderConfig } from "./encoder-config.ts";
import {
  checkEncoderConfig,
  readHiddenAct,
  readNormType,
  unsupportedField as unsupported,
} from "./limits.ts";
import { parseWith, type JsonPlace } from "./parse-with.ts";

const QK_NORM_EPS = 1e-6;

const whole = { error: "a whole number above 0" };
const size = z.int(whole).check(z.positive(whole));
const side = z.union([size, z.tuple([size, size])], {
  error: "a whole number above 0 or two of them",
});

const schema = z.object({
  hidden_size: z._default(size, 1024),
  num_hidden_layers: z._default(size, 24),
  num_attention_heads: z._default(size, 16),
  intermediate_size: z._default(size, 4096),
  image_size: z._default(side, 448),
  patch_size: z._default(side, 14),
  num_channels: z._default(size, 3),
  attention_bias: z._default(z.boolean(), false),
  use_qk_norm: z._default(z.boolean(), false),
  norm_type: z._default(z.string(), "layer_norm"),
  layer_norm_eps: z._default(z.number().check(z.positive(), z.lt(1)), 1e-6),
  hidden_act: z._default(z.string(), "gelu"),
  layer_scale_init_value: z._default(z.number().check(z.minimum(0)), 0.1),
  initializer_range: z._default(z.number().check(z.minimum(0)), 0.02),
  use_mean_pooling: z._default(z.boolean(), true),
  use_absolute_position_embeddings: z._default(z.boolean(), true),
});

/** The architecture in a config.json of transformers, or in the `vision_config` of one. */
export function parseTransformersConfig(json: unknown, place: JsonPlace): EncoderConfig {
  const raw = parseWith(schema, json, place);
  if (!raw.use_mean_pooling) {
    throw unsupported("use_mean_pooling", "true (false adds a final layer norm)", false, place);
  }
  if (!raw.use_absolute_position_embeddings) {
    throw unsupported("use_absolute_position_embeddings", "true", false, place);
  }
  if (raw.use_qk_norm && raw.layer_norm_eps !== QK_NORM_EPS) {
    throw unsupported(
      "layer_norm_eps",
      "1e-6 where use_qk_norm is true",
      raw.layer_norm_eps,
      place,
    );
  }
  const config: EncoderConfig = {
    hiddenSize: raw.hidden_size,
    numHiddenLayers: raw.num_hidden_layers,
    numAttentionHeads: raw.num_attention_heads,
    intermediateSize: raw.intermediate_size,
    imageSize: readSquare(raw.image_size, "image_size", place),
    patchSize: readSquare(raw.patch_size, "patch_size", place),
    numChannels: raw.num_channels,
    qkvBias: raw.attention_bias,
    qkNormalization: raw.use_qk_norm,
    normType: readNormType(raw.norm_type, place),
    layerNormEps: raw.layer_norm_eps,
    hiddenAct: readHiddenAct(raw.hidden_act, place),
    dropPathRate: 0,
    initializerFactor: raw.layer_scale_init_value,
    initializerRange: raw.initializer_range,
  };
  checkEncoderConfig(config, place);
  return config;
}

function readSquare(value: number | [number, number], field: string, place: JsonPlace): number {
  if (typeof value === "number") return value;
  const [height, width] = value;
  if (height !== width) throw unsupported(field, "a square", `${height}×${width}`, place);
  return height;
}

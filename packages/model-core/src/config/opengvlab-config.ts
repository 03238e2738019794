// The fields of OpenGVLab's `InternVisionConfig` and the defaults of that Python class for the absent ones
// (OpenGVLab/InternVL, internvl_chat/internvl/model/internvl_chat/configuration_intern_vit.py).

import * as z from "zod/mini";
import type { EncoderConfig } from "./encoder-config.ts";
import { checkEncoderConfig, readHiddenAct, readNormType } from "./limits.ts";
import { parseWith, type JsonPlace } from "./parse-with.ts";

const whole = { error: "a whole number above 0" };
const size = z.int(whole).check(z.positive(whole));

const schema = z.object({
  hidden_size: z._default(size, 3200),
  num_hidden_layers: z._default(size, 48),
  num_attention_heads: z._default(size, 25),
  intermediate_size: z._default(size, 12_800),
  image_size: z._default(size, 224),
  patch_size: z._default(size, 14),
  num_channels: z._default(size, 3),
  qkv_bias: z._default(z.boolean(), false),
  qk_normalization: z._default(z.boolean(), true),
  norm_type: z._default(z.string(), "rms_norm"),
  layer_norm_eps: z._default(z.number().check(z.positive(), z.lt(1)), 1e-6),
  hidden_act: z._default(z.string(), "gelu"),
  drop_path_rate: z._default(z.number().check(z.minimum(0), z.lt(1)), 0),
  initializer_factor: z._default(z.number().check(z.minimum(0)), 0.1),
  initializer_range: z._default(z.number().check(z.minimum(0)), 0.02),
});

/** The architecture in a stand-alone config.json or in a chat model's `vision_config`. */
export function parseOpenGvlabConfig(json: unknown, place: JsonPlace): EncoderConfig {
  const raw = parseWith(schema, json, place);
  const config: EncoderConfig = {
    hiddenSize: raw.hidden_size,
    numHiddenLayers: raw.num_hidden_layers,
    numAttentionHeads: raw.num_attention_heads,
    intermediateSize: raw.intermediate_size,
    imageSize: raw.image_size,
    patchSize: raw.patch_size,
    numChannels: raw.num_channels,
    qkvBias: raw.qkv_bias,
    qkNormalization: raw.qk_normalization,
    normType: readNormType(raw.norm_type, place),
    layerNormEps: raw.layer_norm_eps,
    hiddenAct: readHiddenAct(raw.hidden_act, place),
    dropPathRate: raw.drop_path_rate,
    initializerFactor: raw.initializer_factor,
    initializerRange: raw.initializer_range,
  };
  checkEncoderConfig(config, place);
  return config;
}

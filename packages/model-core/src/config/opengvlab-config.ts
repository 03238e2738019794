// The fields of OpenGVLab's `InternVisionConfig` and the defaults of that Python class for the absent ones
// (OpenGVLab/InternVL, internvl_chat/internvl/model/internvl_chat/configuration_intern_vit.py).

import { z } from "zod";
import type { EncoderConfig } from "./encoder-config.ts";
import { checkEncoderConfig, readHiddenAct, readNormType } from "./limits.ts";
import { parseWith, type JsonPlace } from "./parse-with.ts";

const whole = { error: "a whole number above 0" };
const size = z.int(whole).positive(whole);

const schema = z.object({
  hidden_size: size.default(3200),
  num_hidden_layers: size.default(48),
  num_attention_heads: size.default(25),
  intermediate_size: size.default(12_800),
  image_size: size.default(224),
  patch_size: size.default(14),
  num_channels: size.default(3),
  qkv_bias: z.boolean().default(false),
  qk_normalization: z.boolean().default(true),
  norm_type: z.string().default("rms_norm"),
  layer_norm_eps: z.number().positive().lt(1).default(1e-6),
  hidden_act: z.string().default("gelu"),
  drop_path_rate: z.number().min(0).lt(1).default(0),
  initializer_factor: z.number().min(0).default(0.1),
  initializer_range: z.number().min(0).default(0.02),
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

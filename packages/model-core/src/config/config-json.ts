// The JSON files of a checkpoint, as OpenGVLab publishes them: same fields, same order, same values for the same
// architecture. Left out of config.json: `auto_map`, which points at Python files beside the checkpoint,
// `transformers_version`, and of a chat model's language model everything but its width.

import type { ChatConfig } from "./chat-config.ts";
import type { EncoderConfig } from "./encoder-config.ts";

/** Options of `encoderConfigJson`. */
export interface ConfigJsonOptions {
  /** How the weights are stored; default `bfloat16`, as published. */
  readonly dtype?: "bfloat16" | "float16" | "float32";
}

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The published stand-alone config.json of an architecture. */
export function encoderConfigJson(
  config: EncoderConfig,
  { dtype = "bfloat16" }: ConfigJsonOptions = {},
): JsonObject {
  return {
    architectures: ["InternVisionModel"],
    attention_dropout: 0,
    drop_path_rate: config.dropPathRate,
    dropout: 0,
    hidden_act: config.hiddenAct,
    hidden_size: config.hiddenSize,
    image_size: config.imageSize,
    initializer_factor: config.initializerFactor,
    initializer_range: config.initializerRange,
    intermediate_size: config.intermediateSize,
    layer_norm_eps: config.layerNormEps,
    model_type: "intern_vit_6b",
    norm_type: config.normType,
    num_attention_heads: config.numAttentionHeads,
    num_channels: config.numChannels,
    num_hidden_layers: config.numHiddenLayers,
    patch_size: config.patchSize,
    qk_normalization: config.qkNormalization,
    qkv_bias: config.qkvBias,
    torch_dtype: dtype,
    use_flash_attn: true,
  };
}

/** Options of `chatConfigJson`. */
export interface ChatConfigJsonOptions extends ConfigJsonOptions {
  readonly chat: ChatConfig;
}

/** The published config.json of a chat model, as far as pictures are concerned. */
export function chatConfigJson(
  config: EncoderConfig,
  { chat, dtype = "bfloat16" }: ChatConfigJsonOptions,
): JsonObject {
  return {
    architectures: ["InternVLChatModel"],
    downsample_ratio: chat.downsampleRatio,
    dynamic_image_size: chat.maxTiles > 1,
    force_image_size: chat.imageSize,
    llm_config: chat.projectorWidth === undefined ? {} : { hidden_size: chat.projectorWidth },
    max_dynamic_patch: chat.maxTiles,
    min_dynamic_patch: chat.minTiles,
    model_type: "internvl_chat",
    pad2square: chat.padToSquare,
    ps_version: chat.pixelShuffleVersion,
    select_layer: chat.selectLayer,
    template: chat.template ?? null,
    torch_dtype: dtype,
    use_thumbnail: chat.useThumbnail,
    vision_config: encoderConfigJson(config, { dtype }),
  };
}

/**
 * The published preprocessor_config.json for a square input of `imageSize` pixels: shortest edge, centre crop,
 * bicubic (`resample` 3), ImageNet mean and standard deviation.
 */
export function preprocessorConfigJson(imageSize: number): JsonObject {
  return {
    crop_size: imageSize,
    do_center_crop: true,
    do_normalize: true,
    do_resize: true,
    feature_extractor_type: "CLIPFeatureExtractor",
    image_mean: [0.485, 0.456, 0.406],
    image_std: [0.229, 0.224, 0.225],
    resample: 3,
    size: imageSize,
  };
}

// The fields of transformers' `InternVLConfig` and the defaults of that Python class for the absent ones
// (transformers 5.18, models/internvl/configuration_internvl.py). Its pixel shuffle ends with the exchange of the
// two spatial axes (modeling_internvl.py, `InternVLModel.pixel_shuffle`), which makes it version v2. How pictures are
// tiled stands in no config of such a checkpoint; the processor of transformers cuts 1 to 12 tiles and adds a
// thumbnail.
//
// Refused because something else would be computed: features of several layers joined, the class token kept, and an
// activation of the projector other than exact GELU.

import * as z from "zod/mini";

import type { ChatConfig } from "./chat-config.ts";
import { checkChatConfig } from "./chat-limits.ts";
import type { EncoderConfig } from "./encoder-config.ts";
import { unsupportedField } from "./limits.ts";
import { parseWith, type JsonPlace } from "./parse-with.ts";

const whole = { error: "a whole number above 0" };
const size = z.int(whole).check(z.positive(whole));

const schema = z.object({
  downsample_ratio: z._default(z.number().check(z.positive(), z.maximum(1)), 0.5),
  vision_feature_layer: z.optional(z.unknown()),
  vision_feature_select_strategy: z._default(z.string(), "default"),
  projector_hidden_act: z._default(z.string(), "gelu"),
  text_config: z.nullish(z.object({ hidden_size: z.optional(size) })),
});

/** The chat level of a config.json of transformers; `encoder` is what its `vision_config` says. */
export function parseTransformersChatConfig(
  json: unknown,
  { encoder, place }: { readonly encoder: EncoderConfig; readonly place: JsonPlace },
): ChatConfig {
  const raw = parseWith(schema, json, place);
  const refuse = (field: string, expected: string, found: unknown): never => {
    throw unsupportedField(field, expected, found, place);
  };
  const layer = raw.vision_feature_layer ?? -1;
  if (typeof layer !== "number" || !Number.isSafeInteger(layer)) {
    return refuse("vision_feature_layer", "one layer as a whole number", layer);
  }
  if (raw.vision_feature_select_strategy !== "default") {
    refuse(
      "vision_feature_select_strategy",
      '"default" (without the class token)',
      raw.vision_feature_select_strategy,
    );
  }
  if (raw.projector_hidden_act !== "gelu") {
    refuse("projector_hidden_act", "gelu", raw.projector_hidden_act);
  }
  const projectorWidth = raw.text_config?.hidden_size;
  const chat: ChatConfig = {
    downsampleRatio: raw.downsample_ratio,
    pixelShuffleVersion: "v2",
    selectLayer: layer,
    imageSize: encoder.imageSize,
    ...(projectorWidth === undefined ? {} : { projectorWidth }),
    minTiles: 1,
    maxTiles: 12,
    useThumbnail: true,
    padToSquare: false,
    template: undefined,
  };
  checkChatConfig(chat, { encoder, place, fields: FIELDS });
  return chat;
}

const FIELDS = {
  downsampleRatio: "downsample_ratio",
  selectLayer: "vision_feature_layer",
  imageSize: "vision_config.image_size",
  projectorWidth: "text_config.hidden_size",
  minTiles: "min_patches",
  maxTiles: "max_patches",
} as const;

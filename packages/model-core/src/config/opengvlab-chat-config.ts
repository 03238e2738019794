// The fields of OpenGVLab's `InternVLChatConfig` and the defaults of that Python class for the absent ones
// (OpenGVLab/InternVL, internvl_chat/internvl/model/internvl_chat/configuration_internvl_chat.py).

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
  ps_version: z._default(z.string(), "v1"),
  select_layer: z._default(z.int({ error: "a whole number" }), -1),
  force_image_size: z.nullish(size),
  dynamic_image_size: z._default(z.boolean(), false),
  min_dynamic_patch: z._default(size, 1),
  max_dynamic_patch: z._default(size, 6),
  use_thumbnail: z._default(z.boolean(), false),
  pad2square: z._default(z.boolean(), false),
  template: z.nullish(z.string()),
  llm_config: z.nullish(z.object({ hidden_size: z.optional(size) })),
});

/** The chat level of a chat model's config.json; `encoder` is what its `vision_config` says. */
export function parseOpenGvlabChatConfig(
  json: unknown,
  { encoder, place }: { readonly encoder: EncoderConfig; readonly place: JsonPlace },
): ChatConfig {
  const raw = parseWith(schema, json, place);
  const { ps_version: version, dynamic_image_size: dynamic } = raw;
  if (version !== "v1" && version !== "v2") {
    throw unsupportedField("ps_version", "v1 or v2", version, place);
  }
  const projectorWidth = raw.llm_config?.hidden_size;
  const chat: ChatConfig = {
    downsampleRatio: raw.downsample_ratio,
    pixelShuffleVersion: version,
    selectLayer: raw.select_layer,
    imageSize: raw.force_image_size ?? encoder.imageSize,
    ...(projectorWidth === undefined ? {} : { projectorWidth }),
    // Without dynamic tiling every picture is one tile, whatever the tile counts say.
    minTiles: dynamic ? raw.min_dynamic_patch : 1,
    maxTiles: dynamic ? raw.max_dynamic_patch : 1,
    useThumbnail: raw.use_thumbnail,
    padToSquare: raw.pad2square,
    template: raw.template ?? undefined,
  };
  const imageSize = raw.force_image_size === chat.imageSize ? "force_image_size" : VISION_SIZE;
  checkChatConfig(chat, { encoder, place, fields: { ...FIELDS, imageSize } });
  return chat;
}

const VISION_SIZE = "vision_config.image_size";

const FIELDS = {
  downsampleRatio: "downsample_ratio",
  selectLayer: "select_layer",
  projectorWidth: "llm_config.hidden_size",
  minTiles: "min_dynamic_patch",
  maxTiles: "max_dynamic_patch",
} as const;

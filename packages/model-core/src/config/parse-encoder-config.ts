// Finds the encoder's architecture in a config.json of any layout, and what the chat level around it says.

import * as z from "zod/mini";
import type { ChatConfig } from "./chat-config.ts";
import type { ConfigLayout, EncoderConfig } from "./encoder-config.ts";
import { unsupportedField } from "./limits.ts";
import { parseOpenGvlabChatConfig } from "./opengvlab-chat-config.ts";
import { parseOpenGvlabConfig } from "./opengvlab-config.ts";
import { parseWith } from "./parse-with.ts";
import { parseTransformersChatConfig } from "./transformers-chat-config.ts";
import { parseTransformersConfig } from "./transformers-config.ts";

/** Options of `parseEncoderConfig`. */
export interface ParseConfigOptions {
  /** What the JSON was read from, for messages; default `config.json`. */
  readonly subject?: string;
}

/** A parsed config.json. */
export interface ParsedConfig {
  readonly layout: ConfigLayout;
  readonly config: EncoderConfig;
  /** The chat level, or undefined in the config of an encoder alone. */
  readonly chat: ChatConfig | undefined;
}

// By model_type, and by the class name in `architectures` for files that lack it.
const LAYOUTS: Readonly<
  Record<string, { readonly layout: ConfigLayout; readonly nested: boolean }>
> = {
  intern_vit_6b: { layout: "standalone", nested: false },
  InternVisionModel: { layout: "standalone", nested: false },
  internvl_chat: { layout: "chat", nested: true },
  InternVLChatModel: { layout: "chat", nested: true },
  internvl_vision: { layout: "transformers", nested: false },
  InternVLVisionModel: { layout: "transformers", nested: false },
  internvl: { layout: "transformers", nested: true },
  InternVLModel: { layout: "transformers", nested: true },
  InternVLForConditionalGeneration: { layout: "transformers", nested: true },
};

const rootSchema = z.object({
  model_type: z.optional(z.string()),
  architectures: z.nullish(z.array(z.string())),
  vision_config: z.optional(z.unknown()),
});
const visionSchema = z.object({ model_type: z.optional(z.string()) });

/**
 * The architecture in a parsed config.json of any of the three layouts, with the chat level where there is one.
 *
 * @throws ModelError `malformed` for a field of the wrong type or out of range, naming file, field, what was
 *   expected and what was found; `unsupported` for another architecture, activation or norm.
 */
export function parseEncoderConfig(json: unknown, options: ParseConfigOptions = {}): ParsedConfig {
  const place = { subject: options.subject ?? "config.json" };
  const root = parseWith(rootSchema, json, place);
  const name = root.model_type ?? root.architectures?.[0];
  const match = name !== undefined && Object.hasOwn(LAYOUTS, name) ? LAYOUTS[name] : undefined;
  if (match === undefined) {
    const known = "intern_vit_6b, internvl_chat, internvl_vision or internvl";
    throw unsupportedField("model_type", known, name, place);
  }
  const { layout, nested } = match;
  const parse = layout === "transformers" ? parseTransformersConfig : parseOpenGvlabConfig;
  if (!nested) return { layout, config: parse(json, place), chat: undefined };

  const inner = { ...place, path: ["vision_config"] };
  const { model_type: found } = parseWith(visionSchema, root.vision_config, inner);
  const expected = layout === "transformers" ? "internvl_vision" : "intern_vit_6b";
  if (found !== undefined && found !== expected) {
    throw unsupportedField("model_type", expected, found, inner);
  }
  const config = parse(root.vision_config, inner);
  const parseChat =
    layout === "transformers" ? parseTransformersChatConfig : parseOpenGvlabChatConfig;
  return { layout, config, chat: parseChat(json, { encoder: config, place }) };
}

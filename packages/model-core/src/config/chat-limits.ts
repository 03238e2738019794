// What the chat level of a config.json may ask for. It is as untrusted as the rest: the tile count decides how many
// grids are enumerated and how much memory a picture takes.

import { ModelError } from "../errors.ts";
import { unshuffleFactor } from "../pixel-unshuffle.ts";
import { MAX_TILES } from "../tiling/tile-grid.ts";
import type { ChatConfig } from "./chat-config.ts";
import type { EncoderConfig } from "./encoder-config.ts";
import { MAX_HIDDEN_SIZE, MAX_IMAGE_SIZE, unsupportedField } from "./limits.ts";
import { fieldName, type JsonPlace } from "./parse-with.ts";

/** The names of a `ChatConfig`'s numbers in the file, with dots. */
export type ChatFields = Readonly<
  Record<
    "downsampleRatio" | "selectLayer" | "imageSize" | "projectorWidth" | "minTiles" | "maxTiles",
    string
  >
>;

/** Options of `checkChatConfig`. */
export interface CheckChatOptions {
  readonly encoder: EncoderConfig;
  readonly place: JsonPlace;
  readonly fields: ChatFields;
}

/**
 * Checks that the chat level fits the encoder.
 *
 * @throws ModelError `unsupported` beyond a limit and for a ratio or tile side that patches cannot follow;
 *   `malformed` for a layer that the encoder does not have and for fewer tiles at most than at least.
 */
export function checkChatConfig(chat: ChatConfig, options: CheckChatOptions): void {
  const { encoder, place, fields } = options;
  const unsupported = (key: keyof ChatFields, expected: string): ModelError =>
    unsupportedField(fields[key], expected, chat[key], place);
  if (chat.imageSize > MAX_IMAGE_SIZE) throw unsupported("imageSize", `at most ${MAX_IMAGE_SIZE}`);
  if (chat.maxTiles > MAX_TILES) throw unsupported("maxTiles", `at most ${MAX_TILES}`);
  if ((chat.projectorWidth ?? 0) > MAX_HIDDEN_SIZE) {
    throw unsupported("projectorWidth", `at most ${MAX_HIDDEN_SIZE}`);
  }
  const factor = unshuffleFactor(chat.downsampleRatio);
  if (factor === undefined) {
    throw unsupported("downsampleRatio", "1/r with a whole number r, such as 0.5");
  }
  const side = encoder.patchSize * factor;
  if (chat.imageSize % side !== 0) {
    throw unsupported("imageSize", `a multiple of ${side}, patches of ${encoder.patchSize} × r`);
  }

  const malformed = (key: keyof ChatFields, expected: string): ModelError =>
    new ModelError(
      "malformed",
      `${place.subject}: ${fieldName(fields[key], place)}: expected ${expected}, found ${chat[key]}`,
      { subject: place.subject },
    );
  const layers = encoder.numHiddenLayers;
  if (chat.selectLayer > layers || chat.selectLayer < -(layers + 1)) {
    throw malformed("selectLayer", `a layer from ${-(layers + 1)} to ${layers}`);
  }
  if (chat.maxTiles < chat.minTiles) {
    throw malformed("maxTiles", `at least ${fields.minTiles} ${chat.minTiles}`);
  }
}

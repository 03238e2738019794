// What the chat level of a config.json says about the way from tiles to visual tokens: how pictures are cut, which
// layer is tapped, how patches are merged, and how wide the language model is.

import type { PixelShuffleVersion } from "../pixel-unshuffle.ts";
import { unshuffledGrid } from "../pixel-unshuffle.ts";
import type { EncoderConfig } from "./encoder-config.ts";

/** The chat side of a model. */
export interface ChatConfig {
  /** 1/r: r × r patches become one visual token. */
  readonly downsampleRatio: number;
  readonly pixelShuffleVersion: PixelShuffleVersion;
  /** Index into the hidden states (0 the embeddings, N the output of block N), or from the end: −1 the last. */
  readonly selectLayer: number;
  /** Side of a tile in pixels; the encoder's own `imageSize` may be another. */
  readonly imageSize: number;
  /** Width T of a visual token, the language model's hidden size; undefined where the file does not say. */
  readonly projectorWidth?: number;
  /** Tiles per picture without the thumbnail; both 1 for a model without dynamic tiling. */
  readonly minTiles: number;
  readonly maxTiles: number;
  /** Whether a picture of several tiles gets one more, the whole picture. */
  readonly useThumbnail: boolean;
  /** Whether pictures are padded to a square with the mean colour before they are resized. */
  readonly padToSquare: boolean;
  /** Name of the conversation template, such as `internvl2_5`. */
  readonly template: string | undefined;
}

/** The part of a `ChatConfig` that decides the encoder's visual outputs. */
export type VisualSettings = Pick<
  ChatConfig,
  "selectLayer" | "downsampleRatio" | "pixelShuffleVersion"
>;

/** What InternVL 2 and 2.5 were trained with: for a stand-alone encoder, whose files do not say. */
export const DEFAULT_VISUAL_SETTINGS: VisualSettings = {
  selectLayer: -1,
  downsampleRatio: 0.5,
  pixelShuffleVersion: "v2",
};

/**
 * Visual tokens of one tile: 256 for 448 pixels, patches of 14 and a ratio of 0.5.
 *
 * @throws ModelError `invalid-argument` when the ratio does not divide the patches of a tile.
 */
export function tokensPerTile(
  { patchSize }: Pick<EncoderConfig, "patchSize">,
  { imageSize, downsampleRatio }: Pick<ChatConfig, "imageSize" | "downsampleRatio">,
): number {
  const side = imageSize / patchSize;
  const { rows, columns } = unshuffledGrid({ rows: side, columns: side }, downsampleRatio);
  return rows * columns;
}

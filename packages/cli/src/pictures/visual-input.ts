// What `tokens` encodes: pictures cut into tiles, frames of a video, or tiles that somebody prepared already. The
// plan is made first, from sizes alone; pixels follow picture by picture, so that memory holds one at a time.

import type { JsonValue, PixelNormalization, PromptPlan, Tensor } from "@internvit/model-core";

import type { Provenance } from "../results/result-file.ts";

/** One picture on its way into the encoder. */
export interface VisualPicture {
  /** Position in `VisualInput.pictures`. */
  readonly index: number;
  /** Its tiles: uint8 [tiles, side, side, 3], or float32 [tiles, 3, side, side]. */
  readonly pixels: Tensor<"uint8"> | Tensor<"float32">;
}

/** The pictures of one sample. */
export interface VisualInput {
  /** Side of a tile in pixels. */
  readonly tileSize: number;
  readonly tileCount: number;
  /** How bytes are normalised. */
  readonly normalization: PixelNormalization;
  /** What the prompt is made from. */
  readonly plan: PromptPlan;
  /** For each picture: what it is called, and what results say of it besides its tokens. */
  readonly pictures: readonly {
    readonly label: string;
    readonly tiles: number;
    readonly facts: { readonly [key: string]: JsonValue };
  }[];
  /** How the pixels were made. */
  readonly facts: Provenance;
  /** The pictures in order. */
  pixels(): AsyncIterable<VisualPicture>;
  [Symbol.asyncDispose](): Promise<void>;
}

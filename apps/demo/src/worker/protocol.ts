// What the page asks its own worker, besides the one of runtime-web that encodes: whatever takes longer than a frame.

import type { ErrorReply } from "@internvit/model-core/session";
import type { FeaturePalette, PatchFeatures } from "@internvit/model-core/features";
import type { ImageProcessorConfig, RgbImage } from "@internvit/preprocess";

/** Where a picture comes from: a file, or a camera's frame. */
export type PictureSource = Blob | RgbImage;

/** A picture that is ready to be encoded and to be shown. */
export interface PreparedPicture {
  /** Pixels of the whole picture, upright. */
  readonly width: number;
  readonly height: number;
  /** Format of the file, or "camera". */
  readonly format: string;
  /** What the encoder gets. */
  readonly crop: RgbImage;
  /** The same, to be drawn. */
  readonly cropBitmap: ImageBitmap;
  /** The whole picture, no larger than a screen needs. */
  readonly preview: ImageBitmap;
  /** Milliseconds. */
  readonly times: { readonly decode: number; readonly resize: number };
}

/** A question; `id` comes back with its answer. */
export type PageRequest = { readonly id: number } & (
  | { readonly kind: "synthesize" }
  | {
      readonly kind: "prepare";
      readonly source: PictureSource;
      readonly name: string;
      readonly config: ImageProcessorConfig;
    }
  | { readonly kind: "fit"; readonly pictures: readonly PatchFeatures[] }
);

/** An answer. */
export type PageReply =
  | {
      readonly kind: "synthesized";
      readonly id: number;
      /** The checkpoint's files by name. */
      readonly files: ReadonlyMap<string, Blob>;
    }
  | { readonly kind: "prepared"; readonly id: number; readonly picture: PreparedPicture }
  | { readonly kind: "fitted"; readonly id: number; readonly palette: FeaturePalette }
  | ErrorReply;

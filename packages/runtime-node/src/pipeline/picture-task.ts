// What the pool of picture workers is asked for and what it answers.

import type { PreprocessErrorCode } from "@internvit/preprocess";

import type { PictureFile, PictureOptions } from "./pictures.ts";
import type { Preparation } from "./preparation.ts";

/** One picture to be read, decoded and prepared. */
export interface PictureTask extends PictureFile, PictureOptions {
  readonly preparation: Preparation;
}

/** Milliseconds that a worker spent on a picture. */
export interface PictureTimes {
  readonly read: number;
  readonly decode: number;
  readonly preprocess: number;
}

/** The encoder's input for one picture, what is wrong with its file, or a fault of this program. */
export type PictureResult =
  | {
      readonly kind: "pixels";
      readonly pixels: Uint8Array<ArrayBuffer>;
      readonly times: PictureTimes;
    }
  | { readonly kind: "bad"; readonly code: PreprocessErrorCode; readonly message: string }
  | { readonly kind: "fault"; readonly message: string };

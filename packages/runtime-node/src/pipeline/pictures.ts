// What goes into an extraction and what cannot be used of it.

import type { PreprocessErrorCode } from "@internvit/preprocess";

/** A picture file with what results call it. */
export interface PictureFile {
  readonly path: string;
  /** The picture's name in results and messages. */
  readonly key: string;
}

/** A picture file at its place in the input. */
export interface PlacedPicture extends PictureFile {
  /** Counted from 0 over the whole input, those included that cannot be used. */
  readonly position: number;
}

/** A picture that has no features, and why. */
export interface BadPicture {
  readonly position: number;
  readonly key: string;
  /** `worker-lost`: the thread that prepared it died, twice. */
  readonly code: PreprocessErrorCode | "worker-lost";
  /** What was expected and found, naming the key. */
  readonly message: string;
}

/** How files are decoded. */
export interface PictureOptions {
  /** EXIF orientation: `"ignore"` as the reference does (default), or `"apply"`. */
  readonly orientation?: "ignore" | "apply" | undefined;
  /** Refuse more pixels than this before decoding. Default 178,956,970. */
  readonly maxPixels?: number | undefined;
  /** Refuse a side longer than this before decoding, in pixels. Default 65,535. */
  readonly maxSide?: number | undefined;
}

// Pictures of a set as the encoder takes them: read, decoded, cropped. What cannot be read is told, never dropped in
// silence.

import { isPreprocessError, type RgbImage } from "@internvit/preprocess";

import type { ClassificationSet } from "../datasets/classification-set.ts";
import { isEvalError } from "../errors.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { UnreadablePicture } from "./run-events.ts";
import { unreadablePicture } from "./unreadable-pictures.ts";

/** Decodes the bytes of a picture; `@internvit/preprocess/sharp` and `/canvas` do. Throws PreprocessError. */
export type DecodePicture = (
  bytes: Uint8Array<ArrayBuffer>,
  options: {
    /** Names the picture in messages. */
    readonly subject: string;
    /** What becomes of EXIF's orientation. */
    readonly orientation: "ignore" | "apply";
  },
) => Promise<RgbImage>;

/** A picture that was decoded, or why it was not. */
export type DecodedPicture =
  | { readonly index: number; readonly image: RgbImage }
  | { readonly index: number; readonly unreadable: UnreadablePicture };

/** Reads and decodes one picture. */
export async function decodePicture(
  set: ClassificationSet,
  options: {
    readonly index: number;
    readonly decode: DecodePicture;
    readonly orientation: Protocol["orientation"];
    readonly signal?: AbortSignal | undefined;
  },
): Promise<DecodedPicture> {
  const { index, decode, orientation: rule, signal } = options;
  const applied = rule === "as-published" ? set.name === "imagenet-1k" : rule === "apply";
  signal?.throwIfAborted();
  const { key } = await set.picture(index);
  try {
    const bytes = await set.read(index, signal);
    const orientation = applied ? "apply" : "ignore";
    return { index, image: await decode(bytes, { subject: key, orientation }) };
  } catch (error) {
    signal?.throwIfAborted();
    if (!isPreprocessError(error) && !isEvalError(error)) throw error;
    return { index, unreadable: unreadablePicture(set, { index, key, error }) };
  }
}

// From a file or a camera's frame to pixels.

import type { RgbImage } from "@internvit/preprocess";
import { decodeImage } from "@internvit/preprocess/canvas";

import type { PictureSource } from "./protocol.ts";

/**
 * The picture, upright, as people look at pictures; the reference leaves them as the sensor lay.
 *
 * @throws PreprocessError for what is not a picture, or too large a one
 */
export async function decodeSource(
  source: PictureSource,
  { name }: { readonly name: string },
): Promise<{ readonly image: RgbImage; readonly format: string }> {
  if (!(source instanceof Blob)) return { image: source, format: "camera" };
  return await decodeImage(source, { orientation: "apply", subject: name });
}

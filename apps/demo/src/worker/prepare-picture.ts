// From a file or a camera's frame to what the encoder gets and what the page draws.

import {
  clipCrop,
  type ImageProcessorConfig,
  resizeRgb,
  type RgbImage,
} from "@internvit/preprocess";
import { decodeImage } from "@internvit/preprocess/canvas";

import { rgbToImageData } from "../drawing/image-data.ts";
import type { PictureSource, PreparedPicture } from "./protocol.ts";

/** Longer side of what is kept of the whole picture for drawing. */
const PREVIEW_SIDE = 1024;

/**
 * Decodes and crops.
 *
 * @throws PreprocessError for what is not a picture, or too large a one
 */
export async function preparePicture(
  source: PictureSource,
  { name, config }: { readonly name: string; readonly config: ImageProcessorConfig },
): Promise<PreparedPicture> {
  const begin = performance.now();
  const { image, format } = await decode(source, name);
  const decoded = performance.now();
  const crop = clipCrop(image, config);
  const resized = performance.now();
  const { width, height } = image;
  return {
    width,
    height,
    format,
    crop,
    cropBitmap: await toBitmap(crop),
    preview: await toBitmap(shrink(image)),
    times: { decode: decoded - begin, resize: resized - decoded },
  };
}

async function decode(
  source: PictureSource,
  name: string,
): Promise<{ readonly image: RgbImage; readonly format: string }> {
  if (!(source instanceof Blob)) return { image: source, format: "camera" };
  // Upright, as people look at pictures; the reference leaves them as the sensor lay.
  return await decodeImage(source, { orientation: "apply", subject: name });
}

function shrink(image: RgbImage): RgbImage {
  const { width, height } = image;
  const scale = PREVIEW_SIDE / Math.max(width, height);
  if (scale >= 1) return image;
  return resizeRgb(image, {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
    filter: "box",
  });
}

async function toBitmap(image: RgbImage): Promise<ImageBitmap> {
  return await createImageBitmap(rgbToImageData(image));
}

// From a file or a camera's frame to what the encoder gets and what the page draws.

import {
  clipCrop,
  type ImageProcessorConfig,
  resizeRgb,
  type RgbImage,
} from "@internvit/preprocess";

import { rgbToImageData } from "../drawing/image-data.ts";
import { decodeSource } from "./decode-source.ts";
import { previewSize } from "./preview-size.ts";
import type { PictureSource, PreparedPicture } from "./protocol.ts";

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
  const { image, format } = await decodeSource(source, { name });
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

function shrink(image: RgbImage): RgbImage {
  const size = previewSize(image);
  return size.width === image.width && size.height === image.height
    ? image
    : resizeRgb(image, { ...size, filter: "box" });
}

async function toBitmap(image: RgbImage): Promise<ImageBitmap> {
  return await createImageBitmap(rgbToImageData(image));
}

// One trip through JPEG in memory, as training augments tiles: the pixels of Pillow's `save(format="JPEG",
// quality=q)` opened again. Pillow's defaults are libjpeg's: tables of Annex K scaled by the quality, 4:2:0 with
// plain averaging, the accurate integer transform. libvips does the same when mozjpeg's improvements are off; how the
// coefficients are packed (Huffman tables, scans) does not change pixels.

import sharp from "sharp";

import { PreprocessError } from "../errors.ts";
import { assertRgbImage, type RgbImage } from "../image.ts";
import { decodeImage } from "./decode.ts";

/**
 * The picture after JPEG compression at a quality of 1 to 100, 4:2:0.
 *
 * @throws PreprocessError `invalid-argument`
 */
export async function reencodeJpeg(
  image: RgbImage,
  options: { readonly quality: number },
): Promise<RgbImage> {
  assertRgbImage(image);
  const { quality } = options;
  if (!(Number.isInteger(quality) && quality >= 1 && quality <= 100)) {
    throw new PreprocessError(
      "invalid-argument",
      `a JPEG quality is a whole number from 1 to 100, got ${quality}`,
    );
  }
  const { width, height, data } = image;
  const bytes = await sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .jpeg({
      quality,
      chromaSubsampling: "4:2:0",
      mozjpeg: false,
      progressive: false,
      optimiseCoding: false,
    })
    .toBuffer();
  return (await decodeImage(bytes, { subject: "the re-encoded tile" })).image;
}

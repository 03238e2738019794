// The pixels of a decoded bitmap. A 2-D canvas gives the bytes of opaque pixels back as they are, and is quick; under
// alpha it multiplies and divides, and colours are lost, so that a bitmap with transparent pixels is read through WebGL
// instead (decision 21).

import { PreprocessError } from "../errors.ts";
import type { RgbImage } from "../image.ts";
import { checkedContext } from "./checked-context.ts";
import type { PreparedPicture } from "./prepared-picture.ts";
import { readStraightRgba } from "./read-straight-rgba.ts";

/** Pixels that are read at once: what a canvas holds besides the bitmap. */
const STRIP_PIXELS = 1 << 20;

/** A picture as the browser decodes it, with its colours left alone. */
export function bitmapOf({ parts, type }: PreparedPicture): Promise<ImageBitmap> {
  return createImageBitmap(new Blob([...parts], { type }), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
}

/**
 * The bitmap's colours without its alpha, in new bytes; the bitmap stays open.
 *
 * @throws PreprocessError `unsupported` where the browser does not let pixels be read.
 */
export async function readBitmap(bitmap: ImageBitmap, subject: string): Promise<RgbImage> {
  const { width, height } = bitmap;
  const data = new Uint8Array(width * height * 3);
  const stripRows = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
  const context = checkedContext({ width, height: stripRows, subject });
  for (let top = 0; top < height; top += stripRows) {
    const rows = Math.min(stripRows, height - top);
    context.drawImage(bitmap, 0, top, width, rows, 0, 0, width, rows);
    const rgba = context.getImageData(0, 0, width, rows).data;
    const opaque = copyColors(rgba, data.subarray(top * width * 3));
    if (!opaque) return await readTransparent(bitmap, subject);
  }
  return { width, height, data };
}

async function readTransparent(bitmap: ImageBitmap, subject: string): Promise<RgbImage> {
  const { width, height } = bitmap;
  const data = new Uint8Array(width * height * 3);
  const missing = await readStraightRgba(bitmap, {
    tilePixels: STRIP_PIXELS,
    onTile: (rgba, tile) => {
      for (let row = 0; row < tile.height; row++) {
        const line = rgba.subarray(row * tile.width * 4, (row + 1) * tile.width * 4);
        copyColors(line, data.subarray(((tile.top + row) * width + tile.left) * 3));
      }
    },
  });
  if (missing !== undefined) {
    throw new PreprocessError(
      "unsupported",
      `${subject}: expected to read the colours of transparent pixels through WebGL, but ${missing}`,
      { subject },
    );
  }
  return { width, height, data };
}

/** RGBA to RGB; true where every pixel is opaque. */
function copyColors(rgba: Uint8Array | Uint8ClampedArray, target: Uint8Array): boolean {
  let alpha = 255;
  for (let i = 0, o = 0; i < rgba.length; i += 4, o += 3) {
    target[o] = rgba[i]!;
    target[o + 1] = rgba[i + 1]!;
    target[o + 2] = rgba[i + 2]!;
    alpha &= rgba[i + 3]!;
  }
  return alpha === 255;
}

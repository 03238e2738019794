// The picture steps of transformers' CLIPImageProcessor (5.18, Pillow backend): resize so that the shortest edge
// fits, then cut out the middle. Deviation: only the pixels inside the crop are computed, with equal results; a
// picture of extreme aspect ratio therefore costs no more than its crop.

import { PreprocessError } from "./errors.ts";
import { assertRgbImage, type RgbImage } from "./image.ts";
import type { ImageProcessorConfig, TargetSize } from "./processor-config.ts";
import type { ResizeFilter } from "./resample/filters.ts";
import { resizeRgb, resizeWindow } from "./resize.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The picture resized and centre-cropped as the config says, still in bytes. Where the crop is larger than the
 * resized picture, it is surrounded by zeros; an odd remainder goes to the left and to the top.
 */
export function clipCrop(image: RgbImage, config: ImageProcessorConfig): RgbImage {
  assertRgbImage(image);
  const { width, height } = config.doResize ? resizedSize(image, config.size) : image;
  const crop = config.doCenterCrop ? config.cropSize : { width, height };
  const horizontal = centered(width, crop.width);
  const vertical = centered(height, crop.height);
  const visible = resizeWindow(image, {
    width,
    height,
    filter: config.resample,
    window: {
      left: horizontal.first,
      top: vertical.first,
      width: horizontal.count,
      height: vertical.count,
    },
  });
  if (visible.width === crop.width && visible.height === crop.height) return visible;
  const data = new Uint8Array(crop.width * crop.height * 3);
  for (let y = 0; y < visible.height; y++) {
    const row = visible.data.subarray(y * visible.width * 3, (y + 1) * visible.width * 3);
    data.set(row, ((vertical.margin + y) * crop.width + horizontal.margin) * 3);
  }
  return { width: crop.width, height: crop.height, data };
}

/**
 * The whole picture squashed to a square, as InternVL's chat path does it: the aspect ratio is not kept.
 *
 * @throws PreprocessError `invalid-argument`
 */
export function squareResize(
  image: RgbImage,
  options: {
    /** Pixels per edge. */
    readonly size: number;
    /** Default `"bicubic"`. */
    readonly filter?: ResizeFilter;
  },
): RgbImage {
  const { size, filter = "bicubic" } = options;
  return resizeRgb(image, { width: size, height: size, filter });
}

/** What of an axis the centre crop keeps, and how many zeros come before it. */
function centered(size: number, crop: number): { first: number; count: number; margin: number } {
  const offset = Math.floor((size - crop) / 2);
  return { first: Math.max(offset, 0), count: Math.min(size, crop), margin: Math.max(-offset, 0) };
}

function resizedSize(image: Size, target: TargetSize): Size {
  if ("width" in target) return target;
  const { width, height } = image;
  const { shortestEdge, longestEdge } = target;
  if (longestEdge !== undefined) return boundedSize(image, { shortestEdge, longestEdge });
  // Truncated after one division, as Python's int(edge * long / short).
  return width <= height
    ? { width: shortestEdge, height: Math.trunc((shortestEdge * height) / width) }
    : { width: Math.trunc((shortestEdge * width) / height), height: shortestEdge };
}

/** The shortest edge, or less where the other edge would pass the longest one. */
function boundedSize(
  image: Size,
  target: { readonly shortestEdge: number; readonly longestEdge: number },
): Size {
  const { width, height } = image;
  const short = Math.min(width, height);
  const long = Math.max(width, height);
  const exceeds = (long / short) * target.shortestEdge > target.longestEdge;
  const exactEdge = exceeds ? (target.longestEdge * short) / long : target.shortestEdge;
  const edge = roundHalfEven(exactEdge);
  if (short === edge) return { width, height };
  const other = Math.trunc((exactEdge * long) / short);
  const size = width < height ? { width: edge, height: other } : { width: other, height: edge };
  if (size.width < 1 || size.height < 1) {
    throw new PreprocessError(
      "invalid-argument",
      `a ${width}x${height} image has no ${size.width}x${size.height} version: its aspect ratio is too extreme ` +
        `for a longest edge of ${target.longestEdge}`,
    );
  }
  return size;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

// What decoding a picture file means wherever it is done: options, result, limits and the words of its errors.
// `./sharp` decodes in Node and `./canvas` in browsers; a caller sees the same from both.

import { PreprocessError } from "./errors.ts";
import type { RgbImage } from "./image.ts";
import { detectImageFormat, FORMAT_NAMES, type ImageFormat } from "./image-format.ts";

/** Pillow's own limit: it refuses to open what has more than twice its `MAX_IMAGE_PIXELS`. */
export const DEFAULT_MAX_PIXELS = 178_956_970;

/** The longest side that a JPEG header can state; nothing that a camera or scanner writes is longer. */
export const DEFAULT_MAX_SIDE = 65_535;

/** The largest pictures that are decoded. */
export interface SizeLimits {
  /** Refuse more pixels than this before decoding. Default 178,956,970, where Pillow refuses too. */
  readonly maxPixels?: number;
  /** Refuse a side longer than this before decoding, in pixels. Default 65,535. */
  readonly maxSide?: number;
}

/** How to decode. */
export interface DecodeOptions extends SizeLimits {
  /** EXIF orientation: `"ignore"` as the reference does (default), or `"apply"`. */
  readonly orientation?: "ignore" | "apply";
  /** Checked before each step; the decoding itself cannot be interrupted. */
  readonly signal?: AbortSignal;
  /** What messages call the picture. Default: the path or the file's name, or "the image" for bytes. */
  readonly subject?: string;
}

/** A decoded picture and what it was. */
export interface DecodedImage {
  readonly image: RgbImage;
  readonly format: ImageFormat;
  /** The samples in the file, by Pillow's mode names, before conversion to RGB. */
  readonly mode: SourceMode;
  /** Pixels in a row of the file, before any orientation. */
  readonly sourceWidth: number;
  /** Rows of the file, before any orientation. */
  readonly sourceHeight: number;
}

/** What kind of samples a file holds, as Pillow names it; the palette of a TIFF is not told from RGB. */
export type SourceMode = "1" | "L" | "LA" | "P" | "RGB" | "RGBA" | "CMYK" | "I;16";

/** A picture in messages. */
export interface NamedPicture {
  readonly format: ImageFormat;
  readonly subject: string;
}

/**
 * The format of a file by its bytes, of which the first are enough where `byteLength` says how many the file has.
 *
 * @throws PreprocessError `malformed` for no bytes, `unsupported` for bytes of no format that is read.
 */
export function checkFormat(
  bytes: Uint8Array,
  file: { readonly subject: string; readonly byteLength?: number },
): ImageFormat {
  const { subject, byteLength = bytes.length } = file;
  if (bytes.length === 0) {
    throw new PreprocessError(
      "malformed",
      `${subject}: expected a ${FORMAT_NAMES} image, found an empty file (0 bytes)`,
      { subject },
    );
  }
  const format = detectImageFormat(bytes);
  if (format === undefined) {
    const start = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"));
    throw new PreprocessError(
      "unsupported",
      `${subject}: expected a ${FORMAT_NAMES} image, found ${byteLength} bytes that begin with ${start.join(" ")}`,
      { subject },
    );
  }
  return format;
}

/**
 * Refuses a picture that is too large, by what its header says.
 *
 * @throws PreprocessError `too-large`
 */
export function checkLimits(
  size: { readonly width: number; readonly height: number },
  options: SizeLimits & { readonly subject: string },
): void {
  const { width, height } = size;
  const { subject, maxPixels = DEFAULT_MAX_PIXELS, maxSide = DEFAULT_MAX_SIDE } = options;
  const found = `${subject}: the picture is ${width}x${height}`;
  if (Math.max(width, height) > maxSide) {
    const message = `${found}, expected no side longer than ${maxSide} pixels (maxSide)`;
    throw new PreprocessError("too-large", message, { subject });
  }
  if (width * height > maxPixels) {
    const message = `${found} = ${width * height} pixels, expected at most ${maxPixels} (maxPixels)`;
    throw new PreprocessError("too-large", message, { subject });
  }
}

/** The error for a file that breaks its own format; the cause is an error or a reason in words. */
export function brokenPicture(picture: NamedPicture, cause: unknown): PreprocessError {
  const { format, subject } = picture;
  const reason = cause instanceof Error ? cause.message.split("\n", 1)[0]! : String(cause);
  // What libvips says of one picture is lost where another is decoded at the same time.
  const said = reason === "Unknown error" ? "" : `: ${reason}`;
  return new PreprocessError(
    "malformed",
    `${subject}: expected a whole ${format.toUpperCase()} image, but it is truncated or broken${said}`,
    cause instanceof Error ? { subject, cause } : { subject },
  );
}

// Decodes a picture file to what Pillow's `Image.open(file).convert("RGB")` gives. sharp (libvips) does nothing
// but decode: no colour management, no rotation, no shrinking, the first frame of an animation. Where its own
// conversion to RGB differs from Pillow's (CMYK, 16-bit gray, transparent GIF pixels) the raw samples are taken and converted
// here. What cannot be matched is listed in docs/compatibility.md.

import sharp, { type Metadata, type Sharp } from "sharp";

import { PreprocessError } from "../errors.ts";
import type { RgbImage } from "../image.ts";
import { applyOrientation, type Orientation } from "../orientation.ts";
import { toRgb } from "../to-rgb.ts";
import { paintUncovered, readGifFrame } from "./gif-frame.ts";
import { detectImageFormat, FORMAT_NAMES, type ImageFormat } from "./image-format.ts";
import { readJpegHeader } from "./jpeg-header.ts";
import { readImageFile } from "./read-image-file.ts";

/** Pillow's own limit: it refuses to open what has more than twice its `MAX_IMAGE_PIXELS`. */
export const DEFAULT_MAX_PIXELS = 178_956_970;

/** The longest side that a JPEG header can state; nothing that a camera or scanner writes is longer. */
export const DEFAULT_MAX_SIDE = 65_535;

/** How to decode. */
export interface DecodeOptions {
  /** EXIF orientation: `"ignore"` as the reference does (default), or `"apply"`. */
  readonly orientation?: "ignore" | "apply";
  /** Refuse more pixels than this before decoding. Default 178,956,970, where Pillow refuses too. */
  readonly maxPixels?: number;
  /** Refuse a side longer than this before decoding, in pixels. Default 65,535. */
  readonly maxSide?: number;
  /** Checked before each step; the decoding itself cannot be interrupted. */
  readonly signal?: AbortSignal;
  /** What messages call the picture. Default: the path, or "the image" for bytes. */
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

/**
 * The picture in a file (given by its path) or in bytes.
 *
 * @throws PreprocessError `not-found` or `io` for a file that cannot be read, `unsupported` for something that is
 * not one of the formats, `malformed` for a truncated or broken picture, `too-large` for one beyond the limits.
 */
export async function decodeImage(
  input: Uint8Array | string,
  options: DecodeOptions = {},
): Promise<DecodedImage> {
  const {
    orientation = "ignore",
    maxPixels = DEFAULT_MAX_PIXELS,
    maxSide = DEFAULT_MAX_SIDE,
    signal,
    subject = typeof input === "string" ? input : "the image",
  } = options;
  signal?.throwIfAborted();
  const bytes = typeof input === "string" ? await readImageFile(input, { signal, subject }) : input;
  const format = checkFormat(bytes, subject);
  // The header that is read here has no orientation.
  const ordinary =
    format === "jpeg" && orientation === "ignore" ? readJpegHeader(bytes) : undefined;
  const header: Header = ordinary ?? (await readHeader(bytes, { format, subject }));
  signal?.throwIfAborted();
  checkLimits(header, { maxPixels, maxSide, subject });
  const image = await decodePixels(bytes, { header, format, subject });
  signal?.throwIfAborted();
  return {
    image: orientation === "apply" ? applyOrientation(image, header.orientation ?? 1) : image,
    format,
    mode: header.mode,
    sourceWidth: image.width,
    sourceHeight: image.height,
  };
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly mode: SourceMode;
  /** Upright when missing. */
  readonly orientation?: Orientation;
}

interface Picture {
  readonly format: ImageFormat;
  readonly subject: string;
}

function checkFormat(bytes: Uint8Array, subject: string): ImageFormat {
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
      `${subject}: expected a ${FORMAT_NAMES} image, found ${bytes.length} bytes that begin with ${start.join(" ")}`,
      { subject },
    );
  }
  return format;
}

async function readHeader(bytes: Uint8Array, picture: Picture): Promise<Header> {
  const { format } = picture;
  const metadata = await open(bytes)
    .metadata()
    .catch((cause: unknown) => {
      throw broken(picture, cause);
    });
  const { width, height } = metadata;
  if (!(width > 0 && height > 0))
    throw broken(picture, `its header says ${width}x${height} pixels`);
  const orientation = metadata.orientation ?? 1;
  return {
    width,
    height,
    mode: sourceMode(metadata, { format, bytes }),
    // Values outside 1…8 mean nothing; Pillow leaves such pictures as they are.
    orientation: orientation >= 1 && orientation <= 8 ? (orientation as Orientation) : 1,
  };
}

// Byte 25 of a PNG is its colour type. 0 is gray and 2 is colour, also where a transparent level makes libvips add
// an alpha channel.
const PNG_COLOR_TYPE = 25;

function sourceMode(
  metadata: Metadata,
  file: { readonly format: ImageFormat; readonly bytes: Uint8Array },
): SourceMode {
  const { space, channels, hasAlpha } = metadata;
  const colorType = file.format === "png" ? file.bytes[PNG_COLOR_TYPE] : undefined;
  const plainGray = colorType === undefined ? channels === 1 : colorType === 0;
  if (space === "cmyk") return "CMYK";
  if (space === "grey16") return plainGray ? "I;16" : "RGBA";
  if (metadata.isPalette === true || file.format === "gif") return "P";
  if (space === "b-w") {
    if (metadata.bitsPerSample === 1) return "1";
    return plainGray ? "L" : "LA";
  }
  return hasAlpha === true && colorType !== 2 ? "RGBA" : "RGB";
}

function checkLimits(
  header: Header,
  limits: { readonly maxPixels: number; readonly maxSide: number; readonly subject: string },
): void {
  const { width, height } = header;
  const { maxPixels, maxSide, subject } = limits;
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

async function decodePixels(
  bytes: Uint8Array,
  picture: Picture & { readonly header: Header },
): Promise<RgbImage> {
  const { format, header } = picture;
  const { data, info } = await pipelineFor(bytes, { format, mode: header.mode })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw broken(picture, cause);
    });
  if (header.mode === "I;16") {
    // Copied, so that the samples start at an even address.
    const samples = new Uint16Array(Uint8Array.from(data).buffer);
    return toRgb({ mode: "I;16", data: samples }, info);
  }
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (header.mode === "CMYK") return toRgb({ mode: "CMYK", data: pixels }, info);
  if (format !== "gif") return toRgb({ mode: "RGB", data: pixels }, info);
  const frame = readGifFrame(bytes);
  if (frame !== undefined) paintUncovered(pixels, { ...info, frame });
  return toRgb({ mode: "RGBA", data: pixels }, info);
}

function pipelineFor(
  bytes: Uint8Array,
  picture: { readonly format: ImageFormat; readonly mode: SourceMode },
): Sharp {
  const { format, mode } = picture;
  const decoder = open(bytes);
  if (mode === "CMYK") return decoder.pipelineColourspace("cmyk").toColourspace("cmyk").raw();
  if (mode === "I;16") {
    return decoder.removeAlpha().toColourspace("grey16").raw({ depth: "ushort" });
  }
  if (format === "gif") return decoder.toColourspace("srgb").ensureAlpha().raw();
  return decoder.removeAlpha().toColourspace("srgb").raw();
}

function open(bytes: Uint8Array): Sharp {
  return sharp(bytes, {
    // Errors and truncation are errors, warnings are not: what Pillow does with the same files.
    failOn: "error",
    ignoreIcc: true,
    // Checked by checkLimits, with a message that names the file.
    limitInputPixels: false,
  });
}

function broken(picture: Picture, cause: unknown): PreprocessError {
  const { format, subject } = picture;
  const reason = cause instanceof Error ? cause.message.split("\n", 1)[0]! : String(cause);
  return new PreprocessError(
    "malformed",
    `${subject}: expected a whole ${format.toUpperCase()} image, but it is truncated or broken: ${reason}`,
    cause instanceof Error ? { subject, cause } : { subject },
  );
}

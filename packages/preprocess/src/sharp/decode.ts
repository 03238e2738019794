// Decodes a picture file to what Pillow's `Image.open(file).convert("RGB")` gives. sharp (libvips) does nothing
// but decode: no colour management, no rotation, no shrinking, the first frame of an animation. Where its own
// conversion to RGB differs from Pillow's (CMYK, 16-bit gray, transparent GIF pixels) the raw samples are taken and converted
// here. What cannot be matched is listed in docs/compatibility.md.

import sharp, { type Metadata, type Sharp } from "sharp";

import {
  brokenPicture,
  checkFormat,
  checkLimits,
  type DecodedImage,
  type DecodeOptions,
  type NamedPicture,
  type SourceMode,
} from "../decode-contract.ts";
import type { RgbImage } from "../image.ts";
import type { ImageFormat } from "../image-format.ts";
import { readJpegHeader } from "../jpeg-header.ts";
import { applyOrientation, type Orientation } from "../orientation.ts";
import { toRgb } from "../to-rgb.ts";
import { paintUncovered, readGifFrame } from "./gif-frame.ts";
import { readImageFile } from "./read-image-file.ts";

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
    signal,
    subject = typeof input === "string" ? input : "the image",
  } = options;
  signal?.throwIfAborted();
  const bytes = typeof input === "string" ? await readImageFile(input, { signal, subject }) : input;
  const format = checkFormat(bytes, { subject });
  // The header that is read here has no orientation.
  const ordinary =
    format === "jpeg" && orientation === "ignore" ? readJpegHeader(bytes) : undefined;
  const header: Header = ordinary ?? (await readHeader(bytes, { format, subject }));
  signal?.throwIfAborted();
  checkLimits(header, { ...options, subject });
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

async function readHeader(bytes: Uint8Array, picture: NamedPicture): Promise<Header> {
  const { format } = picture;
  const metadata = await open(bytes)
    .metadata()
    .catch((cause: unknown) => {
      throw brokenPicture(picture, cause);
    });
  const { width, height } = metadata;
  if (!(width > 0 && height > 0))
    throw brokenPicture(picture, `its header says ${width}x${height} pixels`);
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

async function decodePixels(
  bytes: Uint8Array,
  picture: NamedPicture & { readonly header: Header },
): Promise<RgbImage> {
  const { format, header } = picture;
  const { data, info } = await pipelineFor(bytes, { format, mode: header.mode })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw brokenPicture(picture, cause);
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

// Decodes a picture file in a browser, page or worker, to the bytes that `./sharp` gives in Node. PNG and GIF are
// decoded here; JPEG, WebP and AVIF by the browser, which is given nothing that it could turn the picture or change its
// colours by, and of a JPEG is asked for the samples where it has them. Why: decisions 21 and 27. What differs is listed
// in docs/compatibility.md.

import {
  brokenPicture,
  checkFormat,
  checkLimits,
  type DecodedImage,
  type DecodeOptions,
} from "../decode-contract.ts";
import { PreprocessError } from "../errors.ts";
import { readGifAnimation } from "../gif/gif-animation.ts";
import { FORMAT_BYTES } from "../image-format.ts";
import { applyOrientation, type Orientation } from "../orientation.ts";
import { prepareAvif } from "./avif-file.ts";
import { prepareJpeg } from "./jpeg-file.ts";
import { jpegColors } from "./jpeg-samples.ts";
import { decodePng } from "./png/decode-png.ts";
import { readPngChunks, readPngHeader } from "./png/png-header.ts";
import type { PreparedPicture } from "./prepared-picture.ts";
import { bitmapOf, readBitmap } from "./read-bitmap.ts";
import { readBlob } from "./read-blob.ts";
import { readJpegSamples } from "./read-jpeg-samples.ts";
import { prepareWebp } from "./webp-file.ts";

/**
 * The picture in a `Blob` (such as a file that was picked, or a response's) or in bytes.
 *
 * @throws PreprocessError `not-found` or `io` for a file that cannot be read, `unsupported` for something that is
 * not one of the formats, CMYK, or a browser that alters pixels, `malformed` for a truncated or broken picture,
 * `too-large` for one beyond the limits.
 */
export async function decodeImage(
  input: Blob | ArrayBuffer | Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedImage> {
  const { orientation = "ignore", signal, subject = nameOf(input) } = options;
  signal?.throwIfAborted();
  const bytes = input instanceof Blob ? await readPicture(input, subject) : ownedBytes(input);
  signal?.throwIfAborted();
  const decoded = await decodeBytes(bytes, { ...options, subject });
  signal?.throwIfAborted();
  const { image, orientation: stated, ...facts } = decoded;
  return {
    image: orientation === "apply" ? applyOrientation(image, stated) : image,
    ...facts,
    sourceWidth: image.width,
    sourceHeight: image.height,
  };
}

/** A blob whole, if it begins like a picture: a video that was picked is not read into memory. */
async function readPicture(blob: Blob, subject: string): Promise<Uint8Array<ArrayBuffer>> {
  const head = await readBlob(blob.slice(0, FORMAT_BYTES), subject);
  checkFormat(head, { subject, byteLength: blob.size });
  return await readBlob(blob, subject);
}

function nameOf(input: Blob | ArrayBuffer | Uint8Array): string {
  return "name" in input && typeof input.name === "string" ? input.name : "the image";
}

/** The bytes themselves where they can be handed on, a copy of memory that threads share. */
function ownedBytes(input: ArrayBuffer | Uint8Array): Uint8Array<ArrayBuffer> {
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  return input.buffer instanceof ArrayBuffer ? (input as Uint8Array<ArrayBuffer>) : input.slice();
}

interface Decoded extends Pick<DecodedImage, "image" | "format" | "mode"> {
  readonly orientation: Orientation;
}

type NamedOptions = DecodeOptions & { readonly subject: string };

async function decodeBytes(
  bytes: Uint8Array<ArrayBuffer>,
  options: NamedOptions,
): Promise<Decoded> {
  const { subject } = options;
  const format = checkFormat(bytes, { subject });
  if (format === "png") return decodePngFile(bytes, options);
  if (format === "gif") return decodeGifFile(bytes, options);
  if (format === "jpeg") return decodeByBrowser(prepareJpeg(bytes, subject), options);
  if (format === "webp") return decodeByBrowser(prepareWebp(bytes, subject), options);
  if (format === "avif") return decodeByBrowser(prepareAvif(bytes, subject), options);
  throw new PreprocessError(
    "unsupported",
    `${subject}: expected a JPEG, PNG, WebP, GIF or AVIF image, found a TIFF, which browsers do not decode`,
    { subject },
  );
}

async function decodePngFile(
  bytes: Uint8Array<ArrayBuffer>,
  options: NamedOptions,
): Promise<Decoded> {
  const { subject, signal } = options;
  const header = readPngHeader(bytes, subject);
  checkLimits(header, options);
  const chunks = readPngChunks(bytes, subject);
  const image = await decodePng(header, { chunks, subject, signal });
  return { image, format: "png", mode: header.mode, orientation: chunks.orientation };
}

function decodeGifFile(bytes: Uint8Array<ArrayBuffer>, options: NamedOptions): Decoded {
  const animation = readGifAnimation(bytes, options);
  checkLimits(animation, options);
  for (const image of animation.frames()) {
    return { image, format: "gif", mode: "P", orientation: 1 };
  }
  throw brokenPicture({ format: "gif", subject: options.subject }, "it has no frames");
}

async function decodeByBrowser(picture: PreparedPicture, options: NamedOptions): Promise<Decoded> {
  const { subject, signal } = options;
  const { format, mode, orientation, flaw, width, height } = picture;
  checkLimits(picture, options);
  if (flaw !== undefined) throw brokenPicture({ format, subject }, flaw);
  const refuse = (cause: unknown): never => {
    throw brokenPicture({ format, subject }, cause);
  };
  if (format === "jpeg") {
    const samples = await readJpegSamples(picture).catch(refuse);
    if (samples !== undefined) return { image: jpegColors(samples), format, mode, orientation };
  }
  const bitmap = await bitmapOf(picture).catch(refuse);
  try {
    signal?.throwIfAborted();
    // AVIF files may crop and turn the picture whose size they state.
    checkLimits(bitmap, options);
    if (format !== "avif" && (bitmap.width !== width || bitmap.height !== height)) {
      throw new PreprocessError(
        "unsupported",
        `${subject}: expected ${width}x${height} pixels as its header says, ` +
          `but this browser makes ${bitmap.width}x${bitmap.height} of it`,
        { subject },
      );
    }
    const image = await readBitmap(bitmap, subject);
    return { image, format, mode, orientation };
  } finally {
    bitmap.close();
  }
}

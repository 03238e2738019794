// Label pictures as they are stored: the samples of grey PNGs and the indices of palette PNGs, at all bit depths, with or
// without interlacing. Picture libraries turn a palette into colours and stretch grey of few bits to 0..255, and both
// lose what a label is.
//
// Reference: Portable Network Graphics (PNG) Specification (Third Edition), https://www.w3.org/TR/png-3/. What follows
// the header is checked by its CRC; colour, transparency, orientation and text are passed over.

import { crc32, inflateSync } from "node:zlib";

import type { StoredLabels } from "../../datasets/label-values.ts";
import { EvalError } from "../../errors.ts";
import { PASSES, passSize, type Refuse, unfilterPass, WHOLE } from "./scan-lines.ts";

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
/** Pillow refuses pictures of more pixels too; a header that says more is damaged or malicious. */
const MAX_PIXELS = 178_956_970;
const COLOR_TYPES: Readonly<Record<number, string>> = {
  2: "colours (RGB)",
  4: "grey with alpha",
  6: "colours with alpha (RGBA)",
};
const GREY = 0;
const PALETTE = 3;

/** What the header of a PNG says. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  readonly interlaced: boolean;
}

/**
 * The values of a grey or palette PNG, unscaled: bytes, or words at 16 bits per pixel.
 *
 * @throws EvalError `invalid-data` for bytes that are no whole PNG, `unsupported` for one of colours or with alpha; both
 * naming `subject`
 */
export function readLabelPng(
  bytes: Uint8Array,
  { subject }: { readonly subject: string },
): StoredLabels {
  const refuse = refuseFor(subject);
  const { header, data } = readChunks(bytes, { refuse, subject });
  const { width, height, bitDepth, interlaced } = header;
  const passes = (interlaced ? PASSES : [WHOLE]).filter((pass) => {
    const size = passSize(header, pass);
    return size.width > 0 && size.height > 0;
  });
  const lengths = passes.map((pass) => {
    const size = passSize(header, pass);
    return size.height * (1 + Math.ceil((size.width * bitDepth) / 8));
  });
  const length = lengths.reduce((sum, each) => sum + each, 0);
  let lines: Uint8Array;
  try {
    lines = inflateSync(data, { maxOutputLength: length });
  } catch (cause) {
    return refuse(`compressed data that is damaged: ${(cause as Error).message}`, cause);
  }
  if (lines.length !== length) {
    return refuse(`${lines.length} bytes of pixels where ${width}x${height} take ${length}`);
  }
  const pixels = width * height;
  const values = bitDepth === 16 ? new Uint16Array(pixels) : new Uint8Array(pixels);
  let start = 0;
  for (const [i, pass] of passes.entries()) {
    const end = start + lengths[i]!;
    unfilterPass(lines.subarray(start, end), { pass, width, height, bitDepth, values, refuse });
    start = end;
  }
  return { width, height, values };
}

/** Bytes of a file that `readLabelPngHeader` needs. */
export const PNG_HEADER_BYTES = 33;

/**
 * The header of a grey or palette PNG from the first bytes of its file.
 *
 * @throws EvalError as `readLabelPng`, but for what is wrong behind the header
 */
export function readLabelPngHeader(
  start: Uint8Array,
  { subject }: { readonly subject: string },
): PngHeader {
  const refuse = refuseFor(subject);
  checkSignature(start, refuse);
  const type = String.fromCharCode(...start.subarray(12, 16));
  if (start.length < PNG_HEADER_BYTES || type !== "IHDR") return refuse("no header");
  return readHeader(start.subarray(16, 29), { refuse, subject });
}

function refuseFor(subject: string): Refuse {
  return (found, cause) => {
    throw new EvalError("invalid-data", `${subject}: expected a PNG of labels, found ${found}`, {
      subject,
      cause,
    });
  };
}

function checkSignature(bytes: Uint8Array, refuse: Refuse): void {
  if (bytes.length === 0) refuse("an empty file");
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) refuse("bytes that do not begin like one");
}

function readChunks(
  bytes: Uint8Array,
  { refuse, subject }: { readonly refuse: Refuse; readonly subject: string },
): { readonly header: PngHeader; readonly data: Uint8Array } {
  checkSignature(bytes, refuse);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: PngHeader | undefined;
  const parts: Uint8Array[] = [];
  for (let at = SIGNATURE.length; ;) {
    if (at + 12 > bytes.length) return refuse(`its end at byte ${bytes.length}: it was cut off`);
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) return refuse(`its end at byte ${bytes.length}: it was cut off`);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) {
      return refuse(`a part "${type}" at byte ${at} whose checksum is wrong: it is damaged`);
    }
    const content = bytes.subarray(at + 8, end);
    if (header === undefined) {
      if (type !== "IHDR" || length !== 13) return refuse("no header");
      header = readHeader(content, { refuse, subject });
    } else if (type === "IDAT") parts.push(content);
    else if (type === "IEND") break;
    at = end + 4;
  }
  if (parts.length === 0) return refuse("no pixels");
  return { header, data: parts.length === 1 ? parts[0]! : Buffer.concat(parts) };
}

function readHeader(
  content: Uint8Array,
  { refuse, subject }: { readonly refuse: Refuse; readonly subject: string },
): PngHeader {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [bitDepth = 0, colorType = 0, compression = 0, filter = 0, interlace = 0] =
    content.subarray(8);
  const colors = COLOR_TYPES[colorType];
  if (colors !== undefined) {
    throw new EvalError(
      "unsupported",
      `${subject}: expected labels as a grey or palette PNG, found ${colors}`,
      { subject },
    );
  }
  const depths = colorType === PALETTE ? [1, 2, 4, 8] : [1, 2, 4, 8, 16];
  if ((colorType !== GREY && colorType !== PALETTE) || !depths.includes(bitDepth)) {
    return refuse(`colour type ${colorType} with ${bitDepth} bits`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    return refuse(`compression ${compression}, filter ${filter} and interlacing ${interlace}`);
  }
  if (width === 0 || height === 0 || width * height > MAX_PIXELS) {
    return refuse(`${width}x${height} pixels, which is not 1 to ${MAX_PIXELS}`);
  }
  return { width, height, bitDepth, interlaced: interlace === 1 };
}

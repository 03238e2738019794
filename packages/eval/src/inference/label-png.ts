// Label maps as PNG files of one byte for each pixel, which is the label itself: grey, or with a palette of the classes'
// colours. Reference: Portable Network Graphics (PNG) Specification (Third Edition), https://www.w3.org/TR/png-3/.
// Lines are not filtered: differences between labels mean nothing, and deflate finds what repeats.

import { crc32 } from "@internvit/preprocess";

import type { LabelMap } from "../augment/segmentation/label-map.ts";
import { joinBytes } from "../runs/join-bytes.ts";
import type { Rgb } from "./class-colours.ts";
import { labelColours } from "./label-colours.ts";

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
const GREY = 0;
const PALETTE = 3;

/** Options of `encodeLabelPng`. */
export interface LabelPngOptions {
  /** Of each class, shown by whatever shows the file. Default: labels are shades of grey. */
  readonly colours?: readonly Rgb[] | undefined;
}

/**
 * The bytes of the file; `readLabelPng` gives the labels again.
 *
 * @throws EvalError `mismatch` for a label without a colour
 */
export async function encodeLabelPng(
  label: LabelMap,
  { colours }: LabelPngOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, data } = label;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  // Bits of a sample, colour type; deflate, filters by line, not interlaced.
  header.set([8, colours === undefined ? GREY : PALETTE, 0, 0, 0], 8);
  // Each line begins with its filter, 0.
  const lines = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    lines.set(data.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  return joinBytes([
    SIGNATURE,
    chunk("IHDR", header),
    ...(colours === undefined ? [] : [chunk("PLTE", labelColours(label, colours))]),
    chunk("IDAT", await deflate(lines)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** Length, type, content and checksum. */
function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(content.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(content, 8);
  view.setUint32(content.length + 8, crc32(bytes.subarray(4, content.length + 8)));
  return bytes;
}

/** The zlib format. */
async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const compressed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

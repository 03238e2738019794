// A WebP file's header, and its bytes without EXIF data and colour profile (browsers would act on both). Format: RFC
// 9649; the sizes of lossy pictures are in the VP8 frame header, RFC 6386, 9.1.

import { brokenPicture } from "../decode-contract.ts";
import { readExifOrientation } from "../exif-orientation.ts";
import type { Orientation } from "../orientation.ts";
import type { PreparedPicture } from "./prepared-picture.ts";

const RIFF_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
/** Chunks whose content a browser would turn the picture or change its colours by. */
const METADATA: readonly string[] = ["ICCP", "EXIF", "XMP "];
// The flags of a VP8X chunk.
const ALPHA_FLAG = 0x10;
const METADATA_FLAGS = 0x20 | 0x08 | 0x04;
/** Some writers put JPEG's mark before the EXIF data. */
const EXIF_MARK = "Exif\0\0";

interface Chunk {
  readonly name: string;
  /** Header and content, with the padding to an even length. */
  readonly whole: Uint8Array<ArrayBuffer>;
  readonly content: Uint8Array<ArrayBuffer>;
}

interface Extent {
  readonly width: number;
  readonly height: number;
  readonly alpha: boolean;
}

/**
 * Reads a WebP's header.
 *
 * @throws PreprocessError `malformed`
 */
export function prepareWebp(webp: Uint8Array<ArrayBuffer>, subject: string): PreparedPicture {
  const picture = { format: "webp", subject } as const;
  const view = new DataView(webp.buffer, webp.byteOffset, webp.byteLength);
  const stated = view.getUint32(4, true) + 8;
  const chunks = readChunks(webp.subarray(0, stated));
  const extent = chunks[0] === undefined ? undefined : readExtent(chunks[0]);
  if (extent === undefined) throw brokenPicture(picture, "its first chunk states no size");
  const alpha = extent.alpha || chunks.some(({ name }) => name === "ALPH");
  return {
    format: "webp",
    width: extent.width,
    height: extent.height,
    mode: alpha ? "RGBA" : "RGB",
    orientation: orientationOf(chunks),
    flaw: stated > webp.length ? `it ends at byte ${webp.length} of ${stated}` : undefined,
    type: "image/webp",
    parts: withoutMetadata(webp, chunks),
  };
}

/** The chunks, of which the last may be cut off. */
function readChunks(webp: Uint8Array<ArrayBuffer>): readonly Chunk[] {
  const view = new DataView(webp.buffer, webp.byteOffset, webp.byteLength);
  const chunks: Chunk[] = [];
  let at = RIFF_BYTES;
  while (at + CHUNK_HEADER_BYTES <= webp.length) {
    const start = at + CHUNK_HEADER_BYTES;
    const end = start + view.getUint32(at + 4, true);
    const next = Math.min(webp.length, end + (end & 1));
    const name = String.fromCharCode(...webp.subarray(at, at + 4));
    chunks.push({ name, whole: webp.subarray(at, next), content: webp.subarray(start, end) });
    at = next;
  }
  return chunks;
}

function readExtent({ name, content }: Chunk): Extent | undefined {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (name === "VP8X" && content.length >= 10) {
    const alpha = (content[0]! & ALPHA_FLAG) !== 0;
    const side = (at: number): number => 1 + (view.getUint16(at, true) | (content[at + 2]! << 16));
    return { width: side(4), height: side(7), alpha };
  }
  if (name === "VP8L" && content.length >= 5 && content[0] === 0x2f) {
    // 14 bits each of width and height, less 1, then whether alpha is used.
    const bits = view.getUint32(1, true);
    const alpha = ((bits >>> 28) & 1) === 1;
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff), alpha };
  }
  if (name === "VP8 " && content.length >= 10) {
    const width = view.getUint16(6, true) & 0x3fff;
    const height = view.getUint16(8, true) & 0x3fff;
    return width > 0 && height > 0 ? { width, height, alpha: false } : undefined;
  }
  return undefined;
}

function orientationOf(chunks: readonly Chunk[]): Orientation {
  const exif = chunks.find(({ name }) => name === "EXIF")?.content;
  if (exif === undefined) return 1;
  const marked = String.fromCharCode(...exif.subarray(0, EXIF_MARK.length)) === EXIF_MARK;
  return readExifOrientation(marked ? exif.subarray(EXIF_MARK.length) : exif);
}

function withoutMetadata(
  webp: Uint8Array<ArrayBuffer>,
  chunks: readonly Chunk[],
): readonly Uint8Array<ArrayBuffer>[] {
  if (!chunks.some(({ name }) => METADATA.includes(name))) return [webp];
  const kept = chunks.filter(({ name }) => !METADATA.includes(name)).map(withoutFlags);
  const header = webp.slice(0, RIFF_BYTES);
  const length = kept.reduce((sum, part) => sum + part.length, 4);
  new DataView(header.buffer).setUint32(4, length, true);
  return [header, ...kept];
}

function withoutFlags({ name, whole }: Chunk): Uint8Array<ArrayBuffer> {
  if (name !== "VP8X") return whole;
  const chunk = whole.slice();
  chunk[CHUNK_HEADER_BYTES]! &= ~METADATA_FLAGS;
  return chunk;
}

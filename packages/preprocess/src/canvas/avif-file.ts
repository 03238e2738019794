// The size that an AVIF file states, before anything is decoded: the largest of its image properties (`ispe`), which
// is the picture's own or that of the grid it is put together from. Format: ISO/IEC 14496-12 and 23008-12.
// AVIF turns and mirrors pictures by properties of its own that every decoder applies; its EXIF orientation says
// nothing.

import { brokenPicture } from "../decode-contract.ts";
import type { PreparedPicture } from "./prepared-picture.ts";

/** Boxes that hold boxes, with the bytes before the first: `meta` has a version and flags. */
const CONTAINERS: Readonly<Record<string, number>> = { meta: 4, iprp: 0, ipco: 0 };
/** `ispe` is in `ipco` in `iprp` in `meta`; a file made to do harm nests them a hundred thousand times. */
const MAX_DEPTH = 3;
const ALPHA = "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha";

interface Box {
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * Reads an AVIF's header.
 *
 * @throws PreprocessError `malformed`
 */
export function prepareAvif(avif: Uint8Array<ArrayBuffer>, subject: string): PreparedPicture {
  let width = 0;
  let height = 0;
  let alpha = false;
  for (const { name, content } of boxes(avif)) {
    if (name === "ispe" && content.length >= 12) {
      const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
      const size = [view.getUint32(4), view.getUint32(8)] as const;
      if (size[0] * size[1] > width * height) [width, height] = size;
    }
    if (name === "auxC") alpha ||= latin1(content.subarray(4, 4 + ALPHA.length)) === ALPHA;
  }
  if (width === 0) throw brokenPicture({ format: "avif", subject }, "it states no size");
  return {
    format: "avif",
    width,
    height,
    mode: alpha ? "RGBA" : "RGB",
    orientation: 1,
    flaw: undefined,
    type: "image/avif",
    parts: [avif],
  };
}

function* boxes(bytes: Uint8Array, depth = 0): Generator<Box, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 8 <= bytes.length) {
    const size = view.getUint32(at);
    const name = latin1(bytes.subarray(at + 4, at + 8));
    // 0 means: up to the end. 1 means a size of 64 bits, which only the pixels' box has.
    const end = size === 0 ? bytes.length : at + size;
    if (size === 1 || end > bytes.length || end < at + 8) return;
    const content = bytes.subarray(at + 8, end);
    const before = depth < MAX_DEPTH ? CONTAINERS[name] : undefined;
    if (before === undefined) yield { name, content };
    else yield* boxes(content.subarray(before), depth + 1);
    at = end;
  }
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

// The blocks of a GIF: its screen and where its frames are, without decoding them. Format: the GIF89a specification,
// https://www.w3.org/Graphics/GIF/spec-gif89a.txt. As in Pillow, bytes between blocks are skipped and a missing end
// mark is forgiven.

import { PreprocessError } from "../errors.ts";

/** A frame's header. */
export interface GifFrameHeader {
  /** Place on the screen, in pixels. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  /** RGB entries of its own palette; undefined where it uses the screen's. */
  readonly palette: Uint8Array | undefined;
  /** The palette index that lets the picture below through. */
  readonly transparent: number | undefined;
  /** What happens to its area before the next frame: 0 unspecified, 1 keep, 2 background, 3 what was before. */
  readonly disposal: number;
  /** Hundredths of a second. */
  readonly delay: number;
  /** Bits of the smallest LZW codes. */
  readonly rootBits: number;
  /** Offset of its first data sub-block. */
  readonly dataOffset: number;
}

/** A GIF's screen and frames. */
export interface GifBlocks {
  readonly width: number;
  readonly height: number;
  readonly background: number;
  readonly palette: Uint8Array | undefined;
  readonly frames: readonly GifFrameHeader[];
}

const SCREEN_BYTES = 13;
const EXTENSION = 0x21;
const FRAME = 0x2c;
const TRAILER = 0x3b;
const GRAPHIC_CONTROL = 0xf9;

/**
 * Reads the headers.
 *
 * @throws PreprocessError `malformed` for a file without a screen or frames, or that ends within a header.
 */
export function readGifBlocks(gif: Uint8Array, subject: string): GifBlocks {
  const view = new DataView(gif.buffer, gif.byteOffset, gif.byteLength);
  try {
    const flags = view.getUint8(10);
    const screenPalette = readPalette(view, { at: SCREEN_BYTES, flags });
    return {
      width: view.getUint16(6, true),
      height: view.getUint16(8, true),
      background: (flags & 0x80) === 0 ? 0 : view.getUint8(11),
      palette: screenPalette,
      frames: readFrames(view, SCREEN_BYTES + (screenPalette?.length ?? 0)),
    };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new PreprocessError(
      "malformed",
      `${subject}: expected a whole GIF, but its ${gif.length} bytes end within a header`,
      { subject, cause },
    );
  }
}

/** The data of a frame's sub-blocks, joined; up to the end of the file where they have no end. */
export function joinSubBlocks(gif: Uint8Array, offset: number): Uint8Array {
  const joined = new Uint8Array(gif.length - offset);
  let length = 0;
  let at = offset;
  for (let size = gif[at]; size !== undefined && size > 0; size = gif[at]) {
    const block = gif.subarray(at + 1, at + 1 + size);
    joined.set(block, length);
    length += block.length;
    at += 1 + size;
  }
  return joined.subarray(0, length);
}

function readFrames(view: DataView, start: number): GifFrameHeader[] {
  const frames: GifFrameHeader[] = [];
  let transparent: number | undefined;
  let disposal = 0;
  let delay = 0;
  let at = start;
  while (at < view.byteLength && view.getUint8(at) !== TRAILER) {
    const kind = view.getUint8(at);
    if (kind === EXTENSION && view.getUint8(at + 1) === GRAPHIC_CONTROL) {
      const flags = view.getUint8(at + 3);
      // Pillow keeps the last disposal that was stated.
      disposal = (flags >> 2) & 7 || disposal;
      delay = view.getUint16(at + 4, true);
      if ((flags & 1) === 1) transparent = view.getUint8(at + 6);
    }
    if (kind === EXTENSION) {
      at = skipSubBlocks(view, at + 2);
    } else if (kind === FRAME) {
      const frame = readFrame(view, { at, transparent, disposal, delay });
      frames.push(frame);
      transparent = undefined;
      delay = 0;
      at = skipSubBlocks(view, frame.dataOffset);
    } else {
      at++;
    }
  }
  return frames;
}

function readFrame(
  view: DataView,
  context: {
    readonly at: number;
    readonly transparent: number | undefined;
    readonly disposal: number;
    readonly delay: number;
  },
): GifFrameHeader {
  const { at, ...control } = context;
  const flags = view.getUint8(at + 9);
  const palette = readPalette(view, { at: at + 10, flags });
  const codes = at + 10 + (palette?.length ?? 0);
  return {
    ...control,
    left: view.getUint16(at + 1, true),
    top: view.getUint16(at + 3, true),
    width: view.getUint16(at + 5, true),
    height: view.getUint16(at + 7, true),
    interlaced: (flags & 0x40) !== 0,
    palette,
    rootBits: view.getUint8(codes),
    dataOffset: codes + 1,
  };
}

function readPalette(
  view: DataView,
  place: { readonly at: number; readonly flags: number },
): Uint8Array | undefined {
  const { at, flags } = place;
  if ((flags & 0x80) === 0) return undefined;
  return new Uint8Array(view.buffer, view.byteOffset + at, 3 << ((flags & 7) + 1));
}

function skipSubBlocks(view: DataView, offset: number): number {
  let at = offset;
  while (at < view.byteLength) {
    const size = view.getUint8(at);
    at += 1 + size;
    if (size === 0) return at;
  }
  return at;
}

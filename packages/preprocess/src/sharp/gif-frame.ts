// Pillow shows the transparent pixels of a GIF in their palette colour, libvips makes them black with alpha 0; where
// the first frame does not cover the screen, Pillow shows a palette colour too and libvips black. The frame's place
// and that colour are in the header of the first frame, so they are read here and painted over. Format: the GIF89a
// specification, https://www.w3.org/Graphics/GIF/spec-gif89a.txt

const SCREEN_FLAGS = 10;
const SCREEN_BYTES = 13;
const FRAME_BYTES = 10;
const EXTENSION = 0x21;
const FRAME = 0x2c;
const GRAPHIC_CONTROL = 0xf9;

/** Where the first frame of a GIF is, in pixels of the screen, and what Pillow shows where it is not. */
export interface GifFrame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** The palette's colour for the transparent index, or for index 0 where none is transparent. */
  readonly fill: readonly [number, number, number];
}

/** Reads the first frame's header; undefined where there is none in its place, which decoders may forgive. */
export function readGifFrame(gif: Uint8Array): GifFrame | undefined {
  const screenPalette = paletteBytes(gif[SCREEN_FLAGS] ?? 0);
  let at = SCREEN_BYTES + screenPalette;
  let index = 0;
  while (gif[at] === EXTENSION) {
    // A graphic control block: size, flags (bit 0: has a transparent index), delay (2 bytes), index.
    if (gif[at + 1] === GRAPHIC_CONTROL) index = (gif[at + 3]! & 1) === 1 ? gif[at + 6]! : 0;
    at += 2;
    // Sub-blocks with their length before them, up to one of length 0.
    for (let length = gif[at]; length !== undefined && length > 0; length = gif[at])
      at += 1 + length;
    at += 1;
  }
  if (gif[at] !== FRAME || at + FRAME_BYTES > gif.length) return undefined;
  const view = new DataView(gif.buffer, gif.byteOffset + at, FRAME_BYTES);
  const framePalette = paletteBytes(view.getUint8(9));
  const palette = framePalette > 0 ? at + FRAME_BYTES : SCREEN_BYTES;
  const entry =
    index * 3 < Math.max(framePalette, screenPalette) ? palette + index * 3 : gif.length;
  return {
    left: view.getUint16(1, true),
    top: view.getUint16(3, true),
    width: view.getUint16(5, true),
    height: view.getUint16(7, true),
    fill: [gif[entry] ?? 0, gif[entry + 1] ?? 0, gif[entry + 2] ?? 0],
  };
}

/** Paints RGBA pixels that are outside the frame or transparent, in place. */
export function paintUncovered(
  rgba: Uint8Array,
  screen: { readonly width: number; readonly height: number; readonly frame: GifFrame },
): void {
  const { width, height, frame } = screen;
  const { left, top, fill } = frame;
  let p = 0;
  for (let y = 0; y < height; y++) {
    const rowOutside = y < top || y >= top + frame.height;
    for (let x = 0; x < width; x++, p += 4) {
      const outside = rowOutside || x < left || x >= left + frame.width;
      if (outside || rgba[p + 3] === 0) rgba.set(fill, p);
    }
  }
}

function paletteBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1);
}

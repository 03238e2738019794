// Writes small GIFs of one frame, uncompressed: to test what Pillow and libvips show where a frame shows nothing.

/** A frame of palette indices 0 to 7 on a screen. */
export interface GifPicture {
  readonly screen: { readonly width: number; readonly height: number };
  readonly frame: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  readonly indices: readonly number[];
  /** Eight RGB entries for the screen. */
  readonly palette?: readonly number[];
  /** Eight RGB entries for the frame. */
  readonly framePalette?: readonly number[];
  readonly transparent?: number;
}

const EIGHT_ENTRIES = 0x80 | 2;

/** The file's bytes. */
export function gifFile(picture: GifPicture): Uint8Array {
  const { screen, frame, palette = [], framePalette = [], transparent } = picture;
  const control = transparent === undefined ? [] : [0x21, 0xf9, 4, 1, 0, 0, transparent, 0];
  const data = lzwCodes(picture.indices);
  const parts: readonly (readonly number[])[] = [
    [...Buffer.from("GIF89a", "latin1")],
    words(screen.width, screen.height),
    [paletteFlags(palette), 0, 0],
    palette,
    [0x21, 0xfe, 2, 104, 105, 0], // a comment, which readers must skip
    control,
    [0x2c],
    words(frame.left, frame.top, frame.width, frame.height),
    [paletteFlags(framePalette)],
    framePalette,
    [3, data.length, ...data, 0, 0x3b],
  ];
  return Uint8Array.from(parts.flat());
}

function words(...values: readonly number[]): readonly number[] {
  return values.flatMap((value) => [value & 255, value >> 8]);
}

function paletteFlags(entries: readonly number[]): number {
  return entries.length > 0 ? EIGHT_ENTRIES : 0;
}

/** Four-bit codes for indices of three bits, with clear codes so often that codes never grow. */
function lzwCodes(indices: readonly number[]): readonly number[] {
  const codes = [...indices.flatMap((index, i) => (i % 6 === 0 ? [8, index] : [index])), 9];
  return codes.flatMap((code, i) => (i % 2 === 0 ? [code | ((codes[i + 1] ?? 0) << 4)] : []));
}

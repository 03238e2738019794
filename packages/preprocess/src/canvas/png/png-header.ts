// A PNG's header and chunks. Format: https://www.w3.org/TR/png-3/. Chunks that only say how to show the picture (gAMA,
// cHRM, iCCP, cICP, tRNS) are passed over, as Pillow's conversion to RGB passes them over.

import { brokenPicture, type SourceMode } from "../../decode-contract.ts";
import { readExifOrientation } from "../../exif-orientation.ts";
import type { Orientation } from "../../orientation.ts";
import { crc32 } from "../../crc32.ts";

/** Bits of a sample. */
export type BitDepth = 1 | 2 | 4 | 8 | 16;

/** What the pixels are made of. */
export type ColorType = "gray" | "rgb" | "palette" | "gray-alpha" | "rgba";

/** The first chunk of a PNG. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: BitDepth;
  readonly colorType: ColorType;
  readonly interlaced: boolean;
  /** By Pillow's names. */
  readonly mode: SourceMode;
}

/** The chunks that decoding needs. */
export interface PngChunks {
  /** RGB entries; undefined where there is none. */
  readonly palette: Uint8Array | undefined;
  /** The compressed pixels, to be joined. */
  readonly data: readonly Uint8Array<ArrayBuffer>[];
  readonly orientation: Orientation;
}

const SIGNATURE_BYTES = 8;
const HEADER_BYTES = 13;

// By the number in the file: the type and the depths that it may have.
const COLOR_TYPES: Readonly<Record<number, readonly [ColorType, readonly number[]]>> = {
  0: ["gray", [1, 2, 4, 8, 16]],
  2: ["rgb", [8, 16]],
  3: ["palette", [1, 2, 4, 8]],
  4: ["gray-alpha", [8, 16]],
  6: ["rgba", [8, 16]],
};

/**
 * Reads the first chunk.
 *
 * @throws PreprocessError `malformed`
 */
export function readPngHeader(png: Uint8Array<ArrayBuffer>, subject: string): PngHeader {
  const picture = { format: "png", subject } as const;
  const [first] = chunks(png, subject);
  if (first?.name !== "IHDR" || first.content.length !== HEADER_BYTES) {
    throw brokenPicture(picture, "it does not begin with a header");
  }
  const { content } = first;
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [bitDepth = 0, type = 0, compression, filter, interlace = 0] = content.subarray(8);
  const [colorType, depths = []] = COLOR_TYPES[type] ?? [];
  if (width === 0 || height === 0) {
    throw brokenPicture(picture, `its header says ${width}x${height} pixels`);
  }
  if (colorType === undefined || !depths.includes(bitDepth)) {
    throw brokenPicture(picture, `its header says colour type ${type} with ${bitDepth} bits`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw brokenPicture(
      picture,
      `its header says compression ${compression}, filter ${filter} and interlace ${interlace}`,
    );
  }
  return {
    width,
    height,
    bitDepth: bitDepth as BitDepth,
    colorType,
    interlaced: interlace === 1,
    mode: modeOf(colorType, bitDepth),
  };
}

function modeOf(colorType: ColorType, bitDepth: number): SourceMode {
  if (colorType === "palette") return "P";
  if (colorType === "rgb") return "RGB";
  if (colorType === "rgba") return "RGBA";
  // Pillow has no mode for deep gray with alpha.
  if (colorType === "gray-alpha") return bitDepth === 16 ? "RGBA" : "LA";
  if (bitDepth === 16) return "I;16";
  return bitDepth === 1 ? "1" : "L";
}

/**
 * Reads the chunks up to the end of the pixels.
 *
 * @throws PreprocessError `malformed` where one is cut off or its checksum is wrong.
 */
export function readPngChunks(png: Uint8Array<ArrayBuffer>, subject: string): PngChunks {
  let palette: Uint8Array | undefined;
  let orientation: Orientation = 1;
  const data: Uint8Array<ArrayBuffer>[] = [];
  for (const { name, content } of chunks(png, subject)) {
    if (name === "PLTE") palette = content;
    if (name === "eXIf") orientation = readExifOrientation(content);
    if (name === "IDAT") data.push(content);
    if (name === "IEND") break;
  }
  return { palette, data, orientation };
}

interface Chunk {
  readonly name: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

function* chunks(png: Uint8Array<ArrayBuffer>, subject: string): Generator<Chunk, void, undefined> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  // Length of the content, name, content, checksum of name and content.
  for (let at = SIGNATURE_BYTES; at + 12 <= png.length;) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...png.subarray(at + 4, at + 8));
    const end = at + 8 + length;
    // What a cut chunk holds is still pixels; that they are too few is found by whoever reads them.
    const content = png.subarray(at + 8, end);
    const isCritical = (name.charCodeAt(0) & 0x20) === 0;
    if (
      isCritical &&
      end + 4 <= png.length &&
      crc32(png.subarray(at + 4, end)) !== view.getUint32(end)
    ) {
      throw brokenPicture({ format: "png", subject }, `the checksum of its ${name} chunk is wrong`);
    }
    yield { name, content };
    at = end + 4;
  }
}

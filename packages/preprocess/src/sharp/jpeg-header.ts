// The size of an ordinary JPEG, from its frame header (ITU-T T.81, B.2.2), so that libvips need not open the file
// twice. Whatever is not ordinary is left to libvips: other than 8 bits, other than one or three components,
// arithmetic, lossless and hierarchical coding, a height that comes later, or bytes that are no segment.

/** What an ordinary JPEG says of itself. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly mode: "L" | "RGB";
}

const MARKER = 0xff;
/** Baseline, extended sequential and progressive frames with Huffman coding. */
const ORDINARY_FRAMES: readonly number[] = [0xc0, 0xc1, 0xc2];
/** Huffman and quantisation tables, restart interval, comment. */
const TABLES: readonly number[] = [0xc4, 0xdb, 0xdd, 0xfe];

/** The header of an ordinary JPEG; undefined where libvips is to say what the file is. */
export function readJpegHeader(jpeg: Uint8Array): JpegHeader | undefined {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  let at = 2;
  // A segment: marker, code, two bytes of length, which they count.
  while (at + 4 <= jpeg.length && jpeg[at] === MARKER) {
    const code = jpeg[at + 1]!;
    if (ORDINARY_FRAMES.includes(code)) return readFrame(view, at + 4);
    const isApplication = code >= 0xe0 && code <= 0xef;
    // Anything else, fill bytes included: a reading that parts from the decoder's would check the limits of a
    // picture that is not the one decoded.
    if (!isApplication && !TABLES.includes(code)) return undefined;
    const length = view.getUint16(at + 2);
    if (length < 2) return undefined;
    at += 2 + length;
  }
  return undefined;
}

/** Bits a sample, height, width, components; then three bytes for each. */
function readFrame(view: DataView, at: number): JpegHeader | undefined {
  if (at + 6 > view.byteLength || view.getUint8(at) !== 8) return undefined;
  const height = view.getUint16(at + 1);
  const width = view.getUint16(at + 3);
  const components = view.getUint8(at + 5);
  if (width === 0 || height === 0 || (components !== 1 && components !== 3)) return undefined;
  return { width, height, mode: components === 1 ? "L" : "RGB" };
}

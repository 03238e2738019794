// The segments of a JPEG before its pixels, and what the frame header among them says (ITU-T T.81, B.1 and B.2.2).
// In Node it spares libvips opening an ordinary file twice; in browsers it is all that is known before decoding.
// Whatever is not ordinary is left to the caller: other than 8 bits, other than one or three components, arithmetic,
// lossless and hierarchical coding, a height that comes later, or bytes that are no segment.

/** A marker segment; offsets in bytes. */
export interface JpegSegment {
  /** The second byte of its marker. */
  readonly code: number;
  /** Of its marker. */
  readonly start: number;
  /** Of what follows its length. */
  readonly content: number;
  /** Of what follows it; past the end of the file where it is cut off. */
  readonly end: number;
}

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

/**
 * The segments up to the first that is neither a frame header nor one of the tables, application data and comments
 * that may stand around it: in a whole file the header of a scan. Ends early where bytes are no segment: a reading that
 * parts from the decoder's would check the limits of a picture that is not the one decoded.
 */
export function* jpegSegments(jpeg: Uint8Array): Generator<JpegSegment, void, undefined> {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  let start = 2;
  // A segment: marker, code, two bytes of length, which they count.
  while (start + 4 <= jpeg.length && jpeg[start] === MARKER) {
    const code = jpeg[start + 1]!;
    if (code === MARKER) {
      // A marker may have any number of fill bytes before it.
      start++;
      continue;
    }
    const length = view.getUint16(start + 2);
    if (length < 2) return;
    const end = start + 2 + length;
    yield { code, start, content: start + 4, end };
    if (!mayStandAround(code) && !ORDINARY_FRAMES.includes(code)) return;
    start = end;
  }
}

/** True for APP0 to APP15. */
export function isApplication(code: number): boolean {
  return code >= 0xe0 && code <= 0xef;
}

/** The frame header, or what stands in its place. */
export function frameSegment(segments: Iterable<JpegSegment>): JpegSegment | undefined {
  for (const segment of segments) if (!mayStandAround(segment.code)) return segment;
  return undefined;
}

function mayStandAround(code: number): boolean {
  return isApplication(code) || TABLES.includes(code);
}

/** The header of an ordinary JPEG; undefined where the decoder is to say what the file is. */
export function readJpegHeader(jpeg: Uint8Array): JpegHeader | undefined {
  const frame = frameSegment(jpegSegments(jpeg));
  if (frame === undefined || !ORDINARY_FRAMES.includes(frame.code)) return undefined;
  return readFrame(jpeg, frame.content);
}

/** Bits a sample, height, width, components; then three bytes for each. */
function readFrame(jpeg: Uint8Array, at: number): JpegHeader | undefined {
  if (at + 6 > jpeg.length || jpeg[at] !== 8) return undefined;
  const height = (jpeg[at + 1]! << 8) | jpeg[at + 2]!;
  const width = (jpeg[at + 3]! << 8) | jpeg[at + 4]!;
  const components = jpeg[at + 5]!;
  if (width === 0 || height === 0 || (components !== 1 && components !== 3)) return undefined;
  return { width, height, mode: components === 1 ? "L" : "RGB" };
}

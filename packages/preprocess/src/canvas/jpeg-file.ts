// What a browser is to know of a JPEG, and what it is not: EXIF data (browsers turn pictures, and differ in how to stop
// them: https://github.com/whatwg/html/issues/8085), colour profiles and gain maps are cut out of the file before it is
// decoded. JFIF's and Adobe's segments stay: they say what the components mean.

import { brokenPicture } from "../decode-contract.ts";
import { PreprocessError } from "../errors.ts";
import { readExifOrientation } from "../exif-orientation.ts";
import {
  frameSegment,
  isApplication,
  jpegSegments,
  readJpegHeader,
  type JpegSegment,
} from "../jpeg-header.ts";
import type { Orientation } from "../orientation.ts";
import type { PreparedPicture } from "./prepared-picture.ts";

const APP0_JFIF = 0xe0;
const APP1_EXIF = 0xe1;
const APP14_ADOBE = 0xee;
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const EXIF = "Exif\0\0";
/** Bytes of a frame header before the number of components. */
const COMPONENTS_AT = 5;
/** All the codes of frame headers: those between C0 and CF that are no tables and no arithmetic conditioning. */
const NO_FRAMES: readonly number[] = [0xc4, 0xc8, 0xcc];

/**
 * Reads a JPEG's header.
 *
 * @throws PreprocessError `malformed` where the file has no frame header or no scan, `unsupported` for CMYK and the kinds
 * that browsers do not decode.
 */
export function prepareJpeg(jpeg: Uint8Array<ArrayBuffer>, subject: string): PreparedPicture {
  const segments = [...jpegSegments(jpeg)];
  const header = readJpegHeader(jpeg);
  if (header === undefined) throw refusal(jpeg, { frame: frameSegment(segments), subject });
  const last = segments.at(-1);
  // What is not understood may hide metadata from us that the browser finds.
  if (last?.code !== START_OF_SCAN) {
    throw brokenPicture({ format: "jpeg", subject }, "no scan follows its frame header");
  }
  return {
    format: "jpeg",
    ...header,
    orientation: orientationOf(jpeg, segments),
    flaw: hasEnd(jpeg, last.end) ? undefined : "it has no end",
    type: "image/jpeg",
    parts: withoutMetadata(jpeg, segments),
  };
}

function refusal(
  jpeg: Uint8Array,
  context: { readonly frame: JpegSegment | undefined; readonly subject: string },
): PreprocessError {
  const { frame, subject } = context;
  const isFrame =
    frame !== undefined && (frame.code & 0xf0) === 0xc0 && !NO_FRAMES.includes(frame.code);
  if (!isFrame || frame.end > jpeg.length) {
    return brokenPicture({ format: "jpeg", subject }, "it has no frame header");
  }
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  const [height, width] = [1, 3].map((at) => view.getUint16(frame.content + at));
  if (height === 0 || width === 0) {
    // A height that follows the first scan (DNL) is one that libjpeg does not read either.
    const reason = `its frame header says ${width}x${height} pixels`;
    return brokenPicture({ format: "jpeg", subject }, reason);
  }
  const components = jpeg[frame.content + COMPONENTS_AT];
  if (components === 4) {
    return new PreprocessError(
      "unsupported",
      `${subject}: expected a JPEG in gray or colour, found four components (CMYK), ` +
        "which browsers convert to RGB in ways of their own",
      { subject },
    );
  }
  const bits = jpeg[frame.content]!;
  const marker = frame.code.toString(16).toUpperCase();
  return new PreprocessError(
    "unsupported",
    `${subject}: expected a baseline or progressive JPEG of 8 bits in gray or colour, ` +
      `found frame type FF${marker} of ${bits} bits with ${components} components`,
    { subject },
  );
}

/** Browsers show what there is of a picture that breaks off; an end mark is what whole ones have. */
function hasEnd(jpeg: Uint8Array, from: number): boolean {
  for (
    let at = jpeg.lastIndexOf(END_OF_IMAGE);
    at > from;
    at = jpeg.lastIndexOf(END_OF_IMAGE, at - 1)
  ) {
    if (jpeg[at - 1] === 0xff) return true;
  }
  return false;
}

function orientationOf(jpeg: Uint8Array, segments: readonly JpegSegment[]): Orientation {
  for (const { code, content, end } of segments) {
    if (code !== APP1_EXIF) continue;
    const start = String.fromCharCode(...jpeg.subarray(content, content + EXIF.length));
    if (start === EXIF) return readExifOrientation(jpeg.subarray(content + EXIF.length, end));
  }
  return 1;
}

function withoutMetadata(
  jpeg: Uint8Array<ArrayBuffer>,
  segments: readonly JpegSegment[],
): readonly Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let from = 0;
  for (const { code, start, end } of segments) {
    if (!isApplication(code) || code === APP0_JFIF || code === APP14_ADOBE) continue;
    parts.push(jpeg.subarray(from, start));
    from = end;
  }
  return [...parts, jpeg.subarray(from)];
}

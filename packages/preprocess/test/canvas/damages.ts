// Files whose header is whole and whose pixels are not: what Node and browsers must answer alike.

import { jpegSegments } from "../../src/jpeg-header.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A picture of the fixtures, what is done to it, and the answer: "decoded" or an error's code. */
export const DAMAGES: readonly (readonly [
  name: string,
  damage: (bytes: Bytes) => Bytes,
  answer: "decoded" | "malformed" | "too-large",
])[] = [
  // Codes that mean nothing are gray to libjpeg, which warns.
  ["photo-420.jpg", (bytes) => bytes.fill(0, bytes.length >> 1, bytes.length - 2), "decoded"],
  ["photo.webp", (bytes) => bytes.fill(0, 30), "decoded"],
  ["photo.webp", (bytes) => bytes.fill(255, 60), "decoded"],
  ["photo.webp", (bytes) => bytes.fill(255, 30), "malformed"],
  ["photo.webp", (bytes) => bytes.fill(170, 36), "malformed"],
  ["photo.webp", (bytes) => bytes.fill(255, 26), "too-large"],
  ["rgb.png", (bytes) => bytes.fill(0, bytes.length >> 1), "malformed"],
];

/** The file with its EXIF segment behind its frame header, where decoders look for it just as well. */
export function withLateExif(jpeg: Bytes): Bytes {
  const exif = findSegment(jpeg, 0xe1);
  const frame = findSegment(jpeg, 0xc0);
  const whole = [
    jpeg.subarray(0, exif.start),
    jpeg.subarray(exif.end, frame.end),
    jpeg.subarray(exif.start, exif.end),
    jpeg.subarray(frame.end),
  ];
  const late = new Uint8Array(jpeg.length);
  let at = 0;
  for (const part of whole) {
    late.set(part, at);
    at += part.length;
  }
  return late;
}

/** The first segment of a code. */
function findSegment(jpeg: Bytes, code: number): { readonly start: number; readonly end: number } {
  for (const segment of jpegSegments(jpeg)) if (segment.code === code) return segment;
  throw new Error(`the file has no segment ${code}`);
}

// Writes the PNG files that no encoder writes: 16-bit gray with a transparent level, sizes without pixels.

import { crc32 } from "./crc32.ts";
import { deflateSync } from "node:zlib";

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(content.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

/** A PNG with one filterless row after the other. `samples` are the rows' bytes; they may be fewer than promised. */
export function pngFile(picture: {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: 8 | 16;
  readonly colorType: 0 | 2;
  readonly samples: Uint8Array;
  readonly transparent?: Uint8Array | undefined;
}): Uint8Array {
  const { width, height, bitDepth, colorType, samples, transparent } = picture;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bitDepth, colorType, 0, 0, 0], 8);
  const rowBytes = Math.max(1, (width * (colorType === 2 ? 3 : 1) * bitDepth) / 8);
  const rows: Uint8Array[] = [];
  for (let start = 0; start < samples.length; start += rowBytes) {
    rows.push(Uint8Array.of(0), samples.subarray(start, start + rowBytes));
  }
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    ...(transparent === undefined ? [] : [chunk("tRNS", transparent)]),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

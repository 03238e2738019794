// A slow writer of grey and palette PNGs: any bit depth, any filter for each line, interlaced or not.

import { crc32, deflateSync } from "node:zlib";

/** The pass of Adam7 that each pixel of an 8 by 8 block belongs to, as the specification prints it. */
const ADAM7 = ["16462646", "77777777", "56565656", "77777777", "36463646", "77777777"].concat([
  "56565656",
  "77777777",
]);

export interface PngOptions {
  readonly width: number;
  readonly height: number;
  /** `[height, width]` */
  readonly values: ArrayLike<number>;
  /** Default 8. */
  readonly bitDepth?: 1 | 2 | 4 | 8 | 16;
  /** 0 is grey, 3 a palette. Default 0. */
  readonly colorType?: number;
  /** Filter of each line. Default 0. */
  readonly filterOf?: (line: number) => number;
  readonly interlaced?: boolean;
}

export function pngOf(options: PngOptions): Uint8Array {
  const { width, height, bitDepth = 8, colorType = 0, interlaced = false } = options;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bitDepth, colorType, 0, 0, interlaced ? 1 : 0], 8);
  const colours = Buffer.alloc(3 * 2 ** Math.min(bitDepth, 8)).map((_, i) => i * 37);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    ...(colorType === 3 ? [chunk("PLTE", colours)] : []),
    chunk("tEXt", Buffer.from("Comment\0a label")),
    ...split(deflateSync(scanLines(options))).map((part) => chunk("IDAT", part)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A part of a PNG with its length and checksum. */
export function chunk(type: string, content: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const bytes = Buffer.alloc(body.length + 8);
  bytes.writeUInt32BE(content.length, 0);
  bytes.set(body, 4);
  bytes.writeUInt32BE(crc32(body), body.length + 4);
  return bytes;
}

function split(bytes: Uint8Array): readonly Uint8Array[] {
  const middle = bytes.length >> 1;
  return [bytes.subarray(0, middle), bytes.subarray(middle)];
}

function scanLines(options: PngOptions): Uint8Array {
  const { width, height, values, bitDepth = 8, filterOf = () => 0, interlaced = false } = options;
  const lines: Buffer[] = [];
  for (const pass of interlaced ? [1, 2, 3, 4, 5, 6, 7] : [0]) {
    let above: Buffer | undefined;
    for (let y = 0; y < height; y++) {
      let bits = "";
      for (let x = 0; x < width; x++) {
        if (interlaced && ADAM7[y % 8]![x % 8] !== String(pass)) continue;
        bits += values[y * width + x]!.toString(2).padStart(bitDepth, "0");
      }
      if (bits === "") continue;
      const line = Buffer.from(
        (bits.match(/.{1,8}/g) ?? []).map((b) => parseInt(b.padEnd(8, "0"), 2)),
      );
      const filter = filterOf(lines.length);
      above ??= Buffer.alloc(line.length);
      lines.push(Buffer.from([filter, ...filtered(line, { above, filter, bitDepth })]));
      above = line;
    }
  }
  return Buffer.concat(lines);
}

function filtered(
  line: Buffer,
  options: { readonly above: Buffer; readonly filter: number; readonly bitDepth: number },
): number[] {
  const { above, filter, bitDepth } = options;
  const back = Math.max(1, bitDepth / 8);
  return [...line].map((value, i) => {
    const [a, b, c] = [line[i - back] ?? 0, above[i]!, above[i - back] ?? 0];
    const p = a + b - c;
    const nearest = [a, b, c].reduce((best, each) =>
      Math.abs(p - each) < Math.abs(p - best) ? each : best,
    );
    return (value - [0, a, b, Math.floor((a + b) / 2), nearest][filter]!) & 255;
  });
}

// The frames of odd-size.webm (97x65) without their last column, in which decoders differ: mediabunny cuts the last column
// of chroma off in Node, so that its neighbour stands in; WebCodecs in Chromium has it.

import type { RgbImage } from "../../src/index.ts";

/** SHA-256 of all frames without their last column, one after the other. */
export const ODD_SIZE_SHA256 = "882394a35a7493b0b346c9f0140647bdcabe9e0b110c6214649fae32edb3b15b";

/** The bytes of that. */
export function withoutLastColumn(frames: readonly RgbImage[]): Uint8Array {
  const rows = frames.flatMap(({ width, height, data }) =>
    Array.from({ length: height }, (_, row) =>
      data.subarray(row * width * 3, ((row + 1) * width - 1) * 3),
    ),
  );
  const bytes = new Uint8Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    bytes.set(row, at);
    at += row.length;
  }
  return bytes;
}

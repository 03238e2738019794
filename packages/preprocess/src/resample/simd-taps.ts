// Taps as the SIMD kernels read them, little-endian; a weight is split into `high * 2^15 + low` (assembly/resample.ts):
// - along x: per output, an int32 byte offset of the first source pixel, then per four taps eight int16:
//   the four high halves, the four low halves;
// - along y: per output, an int32 byte offset of the first source row, an int32 byte length of what follows,
//   then per two taps four int16: two high halves, two low halves.

import type { TapTable } from "./taps.ts";

const LOW_BITS = 15;
const LOW_MASK = (1 << LOW_BITS) - 1;

/** Bytes of one output's taps along x. */
export function columnEntryBytes(taps: TapTable): number {
  return 4 + taps.stride * 4;
}

/** Writes the taps along x from the start of the memory. */
export function writeColumnTaps(view: DataView, taps: TapTable): void {
  const { outputs, stride, starts, weights } = taps;
  let at = 0;
  for (let i = 0; i < outputs; i++) {
    view.setInt32(at, starts[i]! * 3, true);
    at += 4;
    for (let k = i * stride; k < (i + 1) * stride; k += 4) {
      for (let j = 0; j < 4; j++) {
        const weight = weights[k + j]!;
        view.setInt16(at + 2 * j, weight >> LOW_BITS, true);
        view.setInt16(at + 8 + 2 * j, weight & LOW_MASK, true);
      }
      at += 16;
    }
  }
}

/** Bytes of one output's taps along y. */
export function lineEntryBytes(taps: TapTable): number {
  return 8 + taps.stride * 4;
}

/** Writes the taps along y of the outputs `[first, end)`, for source rows of which the first is `firstRow`. */
export function writeLineTaps(
  view: DataView,
  block: {
    readonly at: number;
    readonly taps: TapTable;
    readonly first: number;
    readonly end: number;
    readonly firstRow: number;
    readonly rowBytes: number;
  },
): void {
  const { taps, first, end, firstRow, rowBytes } = block;
  const { stride, starts, counts, weights } = taps;
  const entryBytes = lineEntryBytes(taps);
  let entry = block.at;
  for (let i = first; i < end; i++) {
    const pairs = (counts[i]! + 1) >> 1;
    view.setInt32(entry, (starts[i]! - firstRow) * rowBytes, true);
    view.setInt32(entry + 4, pairs * 8, true);
    for (let k = 0; k < pairs * 2; k++) {
      const weight = weights[i * stride + k]!;
      const at = entry + 8 + (k >> 1) * 8 + (k & 1) * 2;
      view.setInt16(at, weight >> LOW_BITS, true);
      view.setInt16(at + 4, weight & LOW_MASK, true);
    }
    entry += entryBytes;
  }
}

// The two passes of a resize in plain JavaScript, for three interleaved channels. Accumulators are int32 fixed
// point, as in Pillow; `Math.imul` and `| 0` keep V8 in int32 registers. Results are clipped to 0…255 by the
// clamped array that they are stored in.

import type { Resample } from "./resample-job.ts";
import { ROUNDING, WEIGHT_BITS, type TapTable } from "./taps.ts";

/** The passes that run wherever JavaScript does. */
export const scalarResample: Resample = (job) => {
  const { source, sourceStride, rows, rowBytes, columns, lines, target } = job;
  if (columns === undefined) {
    if (lines !== undefined) vertical({ source, sourceStride, rowBytes, target, taps: lines });
    else
      for (let y = 0; y < rows; y++) {
        const start = y * sourceStride;
        target.set(source.subarray(start, start + rowBytes), y * rowBytes);
      }
    return;
  }
  const between = lines === undefined ? target : new Uint8Array(rows * rowBytes);
  horizontal({ source, sourceStride, rows, target: between, taps: columns });
  if (lines === undefined) return;
  vertical({ source: between, sourceStride: rowBytes, rowBytes, target, taps: lines });
};

interface Pass {
  readonly source: Uint8Array;
  readonly sourceStride: number;
  readonly target: Uint8Array;
  readonly taps: TapTable;
}

/** Every row along x. */
function horizontal(pass: Pass & { readonly rows: number }): void {
  const { source, sourceStride, rows, target, taps } = pass;
  const { outputs, stride, starts, counts, weights } = taps;
  const out = clamped(target);
  let o = 0;
  for (let y = 0; y < rows; y++) {
    const row = y * sourceStride;
    for (let x = 0; x < outputs; x++) {
      let p = row + starts[x]! * 3;
      let k = x * stride;
      const end = k + counts[x]!;
      let r = ROUNDING;
      let g = ROUNDING;
      let b = ROUNDING;
      for (; k < end; k++) {
        const weight = weights[k]!;
        r = (r + Math.imul(source[p]!, weight)) | 0;
        g = (g + Math.imul(source[p + 1]!, weight)) | 0;
        b = (b + Math.imul(source[p + 2]!, weight)) | 0;
        p += 3;
      }
      out[o] = r >> WEIGHT_BITS;
      out[o + 1] = g >> WEIGHT_BITS;
      out[o + 2] = b >> WEIGHT_BITS;
      o += 3;
    }
  }
}

/** Every column along y; a row is taken as `rowBytes` independent bytes. */
function vertical(pass: Pass & { readonly rowBytes: number }): void {
  const { source, sourceStride, rowBytes, target, taps } = pass;
  const { outputs, stride, starts, counts, weights } = taps;
  const out = clamped(target);
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < outputs; y++) {
    sums.fill(ROUNDING);
    let p = starts[y]! * sourceStride;
    let k = y * stride;
    const end = k + counts[y]!;
    // Four rows at a time: one pass over `sums` for four multiplications.
    for (; k + 3 < end; k += 4) {
      const w0 = weights[k]!;
      const w1 = weights[k + 1]!;
      const w2 = weights[k + 2]!;
      const w3 = weights[k + 3]!;
      const p1 = p + sourceStride;
      const p2 = p1 + sourceStride;
      const p3 = p2 + sourceStride;
      for (let i = 0; i < rowBytes; i++) {
        sums[i] =
          sums[i]! +
          Math.imul(source[p + i]!, w0) +
          Math.imul(source[p1 + i]!, w1) +
          Math.imul(source[p2 + i]!, w2) +
          Math.imul(source[p3 + i]!, w3);
      }
      p = p3 + sourceStride;
    }
    for (; k < end; k++) {
      const weight = weights[k]!;
      for (let i = 0; i < rowBytes; i++) {
        sums[i] = sums[i]! + Math.imul(source[p + i]!, weight);
      }
      p += sourceStride;
    }
    const o = y * rowBytes;
    for (let i = 0; i < rowBytes; i++) out[o + i] = sums[i]! >> WEIGHT_BITS;
  }
}

function clamped(bytes: Uint8Array): Uint8ClampedArray {
  return new Uint8ClampedArray(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

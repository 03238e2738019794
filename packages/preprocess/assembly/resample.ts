// The two passes of a resize, for three interleaved channels of bytes. A 22-bit weight does not fit the 16-bit
// multipliers, so it is split into `high * 2^15 + low` and both halves get their own dot products: two taps a
// multiplication, and the sum is exact modulo 2^32, as Pillow's int32 accumulator is. The readable version of both
// is src/resample/scalar-resample.ts; the layout of the taps is src/resample/simd-taps.ts.
//
// AssemblyScript: no allocation and no static data, so the whole memory is the caller's.

/** Bits of a weight's low half. */
const LOW_BITS: i32 = 15;
/** Fractional bits of a weight. */
const WEIGHT_BITS: i32 = 22;

/** `(high * 2^15 + low + rounding) >> 22`, lane by lane. */
function scaledDown(high: v128, low: v128): v128 {
  const sum = i32x4.add(i32x4.shl(high, LOW_BITS), low);
  return i32x4.shr_s(i32x4.add(sum, i32x4.splat(1 << (WEIGHT_BITS - 1))), WEIGHT_BITS);
}

/** The sums of neighbouring lanes: `[a0 + a1, a2 + a3, b0 + b1, b2 + b3]`. */
function pairSums(a: v128, b: v128): v128 {
  return i32x4.add(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7));
}

/**
 * Resamples rows along x. Two at once, so that the blue samples of both fill one vector; an odd last row is paired
 * with itself. `tapBytes` are the bytes of weights per output, a multiple of 16. Padding taps read past the end of a
 * row; nothing is written past it.
 */
export function horizontal(
  source: usize,
  sourceStride: usize,
  rows: i32,
  target: usize,
  outputs: i32,
  taps: usize,
  tapBytes: usize,
): void {
  const targetStride = <usize>outputs * 3;
  const zero = i32x4.splat(0);
  for (let y = 0; y < rows; y += 2) {
    const paired = y + 1 < rows;
    const source2 = paired ? source + sourceStride : source;
    let target1 = target;
    let target2 = paired ? target + targetStride : target;
    const targetEnd = target + targetStride;
    let tap = taps;
    while (target1 < targetEnd) {
      const offset = <usize>load<u32>(tap);
      let pixel1 = source + offset;
      let pixel2 = source2 + offset;
      tap += 4;
      const tapEnd = tap + tapBytes;
      let high1 = zero;
      let low1 = zero;
      let high2 = zero;
      let low2 = zero;
      let blueHigh = zero;
      let blueLow = zero;
      do {
        const row1 = v128.load(pixel1);
        const row2 = v128.load(pixel2);
        const high = v128.load64_splat(tap);
        const low = v128.load64_splat(tap, 8);
        // Byte 16 is the first of the zero vector: it widens a sample to 16 bits.
        const redGreen1 = v128.shuffle<i8>(
          row1,
          zero,
          0,
          16,
          3,
          16,
          6,
          16,
          9,
          16,
          1,
          16,
          4,
          16,
          7,
          16,
          10,
          16,
        );
        const redGreen2 = v128.shuffle<i8>(
          row2,
          zero,
          0,
          16,
          3,
          16,
          6,
          16,
          9,
          16,
          1,
          16,
          4,
          16,
          7,
          16,
          10,
          16,
        );
        const blue = i16x8.extend_low_i8x16_u(
          v128.shuffle<i8>(row1, row2, 2, 5, 8, 11, 18, 21, 24, 27, 0, 0, 0, 0, 0, 0, 0, 0),
        );
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(redGreen1, high));
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(redGreen1, low));
        high2 = i32x4.add(high2, i32x4.dot_i16x8_s(redGreen2, high));
        low2 = i32x4.add(low2, i32x4.dot_i16x8_s(redGreen2, low));
        blueHigh = i32x4.add(blueHigh, i32x4.dot_i16x8_s(blue, high));
        blueLow = i32x4.add(blueLow, i32x4.dot_i16x8_s(blue, low));
        pixel1 += 12;
        pixel2 += 12;
        tap += 16;
      } while (tap < tapEnd);
      // [red1, green1, red2, green2] and [blue1, blue2, …]
      const redGreen = scaledDown(pairSums(high1, high2), pairSums(low1, low2));
      const blues = scaledDown(pairSums(blueHigh, blueHigh), pairSums(blueLow, blueLow));
      const words = i16x8.narrow_i32x4_s(redGreen, blues);
      const bytes = i8x16.narrow_i16x8_u(words, words);
      v128.store16_lane(target1, bytes, 0);
      v128.store8_lane(target1, bytes, 4, 2);
      v128.store16_lane(target2, bytes, 1);
      v128.store8_lane(target2, bytes, 5, 2);
      target1 += 3;
      target2 += 3;
    }
    source += sourceStride * 2;
    target += targetStride * 2;
  }
}

/**
 * Resamples columns along y: `outputs` rows of `stride` bytes, sixteen bytes at a time. Up to fifteen bytes past a
 * row are read and written, so rows are written in order and the last one needs room behind it. `entryBytes` are
 * the bytes from one output's taps to the next's.
 */
export function vertical(
  source: usize,
  stride: usize,
  target: usize,
  outputs: i32,
  taps: usize,
  entryBytes: usize,
): void {
  const zero = i32x4.splat(0);
  for (let y = 0; y < outputs; y++) {
    let column = source + <usize>load<u32>(taps);
    const firstTap = taps + 8;
    const tapEnd = firstTap + <usize>load<u32>(taps, 4);
    let out = target;
    const targetEnd = target + stride;
    while (out < targetEnd) {
      let pixel = column;
      let tap = firstTap;
      let high0 = zero;
      let low0 = zero;
      let high1 = zero;
      let low1 = zero;
      let high2 = zero;
      let low2 = zero;
      let high3 = zero;
      let low3 = zero;
      do {
        const row1 = v128.load(pixel);
        const row2 = v128.load(pixel + stride);
        const high = v128.load32_splat(tap);
        const low = v128.load32_splat(tap, 4);
        const first = v128.shuffle<i8>(
          row1,
          row2,
          0,
          16,
          1,
          17,
          2,
          18,
          3,
          19,
          4,
          20,
          5,
          21,
          6,
          22,
          7,
          23,
        );
        const last = v128.shuffle<i8>(
          row1,
          row2,
          8,
          24,
          9,
          25,
          10,
          26,
          11,
          27,
          12,
          28,
          13,
          29,
          14,
          30,
          15,
          31,
        );
        const pair0 = i16x8.extend_low_i8x16_u(first);
        const pair1 = i16x8.extend_high_i8x16_u(first);
        const pair2 = i16x8.extend_low_i8x16_u(last);
        const pair3 = i16x8.extend_high_i8x16_u(last);
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(pair0, high));
        low0 = i32x4.add(low0, i32x4.dot_i16x8_s(pair0, low));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(pair1, high));
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(pair1, low));
        high2 = i32x4.add(high2, i32x4.dot_i16x8_s(pair2, high));
        low2 = i32x4.add(low2, i32x4.dot_i16x8_s(pair2, low));
        high3 = i32x4.add(high3, i32x4.dot_i16x8_s(pair3, high));
        low3 = i32x4.add(low3, i32x4.dot_i16x8_s(pair3, low));
        pixel += stride * 2;
        tap += 8;
      } while (tap < tapEnd);
      const words0 = i16x8.narrow_i32x4_s(scaledDown(high0, low0), scaledDown(high1, low1));
      const words1 = i16x8.narrow_i32x4_s(scaledDown(high2, low2), scaledDown(high3, low3));
      v128.store(out, i8x16.narrow_i16x8_u(words0, words1));
      column += 16;
      out += 16;
    }
    target += stride;
    taps += entryBytes;
  }
}

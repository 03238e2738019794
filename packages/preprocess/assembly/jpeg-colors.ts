// A JPEG's samples as colours, row by row. The readable version is src/canvas/jpeg-samples.ts; here everything is in 16
// bits: a factor that does not fit is split into a whole number and a rest.

/** Bits of a fixed-point factor. */
const FACTOR_BITS: i32 = 16;

/**
 * One row of chroma at twice the width: 3 parts of the row `near`, 1 of the row `beside`, then the same between columns.
 * `left` and `right` round. Up to 7 columns past the end are read and written; `sums` has room for 2 more before and
 * after.
 */
export function enlarge(
  near: usize,
  beside: usize,
  columns: i32,
  sums: usize,
  target: usize,
  left: i32,
  right: i32,
): void {
  const three = i16x8.splat(3);
  const length = <usize>columns;
  for (let x: usize = 0; x < length; x += 8) {
    const own = i16x8.mul(v128.load8x8_u(near + x), three);
    v128.store(sums + (x << 1), i16x8.add(own, v128.load8x8_u(beside + x)));
  }
  store<u16>(sums - 2, load<u16>(sums));
  const end = sums + (length << 1);
  store<u16>(end, load<u16>(end - 2));
  const leftRounding = i16x8.splat(<i16>left);
  const rightRounding = i16x8.splat(<i16>right);
  for (let sum = sums; sum < end; sum += 16) {
    const own = i16x8.mul(v128.load(sum), three);
    const even = i16x8.add(i16x8.add(own, v128.load(sum - 2)), leftRounding);
    const odd = i16x8.add(i16x8.add(own, v128.load(sum + 2)), rightRounding);
    // Both are bytes after the shift by 4; the odd ones go into the high halves.
    v128.store(target, v128.or(i16x8.shr_u(even, 4), i16x8.shl(i16x8.shr_u(odd, 4), 8)));
    target += 16;
  }
}

/** `(x * rest0 + y * rest1) >> 16` of pairs, rounded. */
function scaled(x: v128, y: v128, factors: v128): v128 {
  const half = i32x4.splat(1 << (FACTOR_BITS - 1));
  const low = i32x4.dot_i16x8_s(v128.shuffle<i16>(x, y, 0, 8, 1, 9, 2, 10, 3, 11), factors);
  const high = i32x4.dot_i16x8_s(v128.shuffle<i16>(x, y, 4, 12, 5, 13, 6, 14, 7, 15), factors);
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(low, half), FACTOR_BITS),
    i32x4.shr_s(i32x4.add(high, half), FACTOR_BITS),
  );
}

/** One row of pixels, eight at a time; up to 7 past the end are read and written. */
export function colors(luma: usize, blue: usize, red: usize, pixels: i32, target: usize): void {
  const middle = i16x8.splat(128);
  const end = luma + <usize>pixels;
  // 1.402 = 1 + 26345 / 2^16, 0.71414 = 1 - 18734 / 2^16, 0.34414 = 22554 / 2^16, 1.772 = 2 - 14942 / 2^16.
  const redFactors = i16x8(0, 26345, 0, 26345, 0, 26345, 0, 26345);
  const greenFactors = i16x8(-22554, 18734, -22554, 18734, -22554, 18734, -22554, 18734);
  const blueFactors = i16x8(-14942, 0, -14942, 0, -14942, 0, -14942, 0);
  while (luma < end) {
    const y = v128.load8x8_u(luma);
    const cb = i16x8.sub(v128.load8x8_u(blue), middle);
    const cr = i16x8.sub(v128.load8x8_u(red), middle);
    const r = i16x8.add(i16x8.add(y, cr), scaled(cb, cr, redFactors));
    const g = i16x8.add(i16x8.sub(y, cr), scaled(cb, cr, greenFactors));
    const b = i16x8.add(i16x8.add(y, i16x8.add(cb, cb)), scaled(cb, cr, blueFactors));
    const rg = i8x16.narrow_i16x8_u(r, g);
    const bb = i8x16.narrow_i16x8_u(b, b);
    v128.store(
      target,
      v128.shuffle<i8>(rg, bb, 0, 8, 16, 1, 9, 17, 2, 10, 18, 3, 11, 19, 4, 12, 20, 5),
    );
    v128.store64_lane(
      target + 16,
      v128.shuffle<i8>(rg, bb, 13, 21, 6, 14, 22, 7, 15, 23, 0, 0, 0, 0, 0, 0, 0, 0),
      0,
    );
    luma += 8;
    blue += 8;
    red += 8;
    target += 24;
  }
}

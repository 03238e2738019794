// Bytes to the encoder's floats, `[pixels, 3]` to `[3, pixels]`. A sample has 256 values, so each channel has a table
// that the caller computed with the reference's roundings; what is left is to look up and to put in order.

/** The floats of pixels `pixel`, `pixel + 3`, `pixel + 6` and `pixel + 9`, looked up in `table`. */
function lookUp(pixel: usize, table: usize): v128 {
  let four = v128.load32_zero(table + ((<usize>load<u8>(pixel)) << 2));
  four = v128.load32_lane(table + ((<usize>load<u8>(pixel, 3)) << 2), four, 1);
  four = v128.load32_lane(table + ((<usize>load<u8>(pixel, 6)) << 2), four, 2);
  return v128.load32_lane(table + ((<usize>load<u8>(pixel, 9)) << 2), four, 3);
}

/**
 * Looks up `pixels` pixels, four at a time; up to three past the end are read and written. Each plane of floats is
 * `planeBytes` long, the three tables of 256 floats follow each other.
 */
export function normalize(
  source: usize,
  pixels: i32,
  target: usize,
  planeBytes: usize,
  tables: usize,
): void {
  const end = target + ((<usize>pixels) << 2);
  while (target < end) {
    v128.store(target, lookUp(source, tables));
    v128.store(target + planeBytes, lookUp(source + 1, tables + 1024));
    v128.store(target + planeBytes * 2, lookUp(source + 2, tables + 2048));
    source += 12;
    target += 16;
  }
}

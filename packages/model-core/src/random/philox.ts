// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four random
// words that depend on nothing but a key and a counter. 32-bit integers; Math.imul wraps as uint32 does.

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Four 32-bit words. */
export type Words = readonly [number, number, number, number];

/** The four unsigned words that belong to a counter and a key. */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [a, b, c, d] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const low0 = Math.imul(MULTIPLIER_0, a);
    const low1 = Math.imul(MULTIPLIER_1, c);
    [a, b, c, d] = [
      highProduct(MULTIPLIER_1, c) ^ b ^ k0,
      low1,
      highProduct(MULTIPLIER_0, a) ^ d ^ k1,
      low0,
    ];
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

/** The upper 32 bits of the 64-bit product of two uint32, from four products of 16-bit halves, all exact in float64. */
function highProduct(x: number, y: number): number {
  const [x0, x1] = [x & 0xffff, x >>> 16];
  const [y0, y1] = [y & 0xffff, y >>> 16];
  const first = x1 * y0 + ((x0 * y0) >>> 16);
  const second = x0 * y1 + (first & 0xffff);
  return (x1 * y1 + (first >>> 16) + (second >>> 16)) | 0;
}

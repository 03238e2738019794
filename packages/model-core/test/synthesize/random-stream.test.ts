import { describe, expect, it } from "vitest";
import { createRandomStream } from "../../src/synthesize/random-stream.ts";

/** xoshiro128** and the sum of four uniforms as the papers write them, in BigInt and float64. */
function naiveSums(state: readonly number[], count: number): number[] {
  const M = 0xffffffffn;
  const rotate = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & M;
  let [a = 0n, b = 0n, c = 0n, d = 0n] = state.map((word) => BigInt(word >>> 0));
  const next = (): bigint => {
    const result = (rotate((b * 5n) & M, 7n) * 9n) & M;
    const shifted = (b << 9n) & M;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11n);
    return result;
  };
  return Array.from({ length: count }, () => {
    const [x, y] = [next(), next()];
    return Number((x & 0xffffn) + (x >> 16n) + (y & 0xffffn) + (y >> 16n));
  });
}

function mix(value: number): number {
  let x = BigInt.asUintN(32, BigInt(value) + 0x9e3779b9n);
  x = BigInt.asUintN(32, (x ^ (x >> 16n)) * 0x85ebca6bn);
  x = BigInt.asUintN(32, (x ^ (x >> 13n)) * 0xc2b2ae35n);
  return Number(x ^ (x >> 16n));
}

function hash(name: string, basis: bigint): number {
  let value = basis;
  for (const unit of name)
    value = BigInt.asUintN(32, (value ^ BigInt(unit.charCodeAt(0))) * 0x01000193n);
  return Number(value);
}

describe("createRandomStream", () => {
  it.each([
    [0, "a"],
    [4_294_967_295, "encoder.layers.0.ls1"],
  ])("is xoshiro128** seeded by %i and %j", (seed, name) => {
    const words = [
      mix(seed),
      mix(hash(name, 0x811c9dc5n)),
      mix(hash(name, 0x9e3779b9n)),
      0x6a09e667,
    ];
    const expected = naiveSums(words, 16 + 1000)
      .slice(16)
      .map((sum) => Math.fround(0.5 + (sum - 131_070) * (2 / 37_837.227_237_206_48)));
    const values = new Float32Array(1000);
    createRandomStream(seed, name).fillNext(values, { mean: 0.5, deviation: 2 });
    expect([...values]).toEqual(expected);
  });

  it("goes on where it stopped", () => {
    const whole = new Float32Array(100);
    createRandomStream(1, "a").fillNext(whole, { mean: 0, deviation: 1 });
    const parts = new Float32Array(100);
    const stream = createRandomStream(1, "a");
    for (const [start, end] of [
      [0, 1],
      [1, 1],
      [1, 64],
      [64, 100],
    ]) {
      stream.fillNext(parts.subarray(start, end), { mean: 0, deviation: 1 });
    }
    expect(parts).toEqual(whole);
  });

  it("has the mean, the deviation and the tails that it says", () => {
    const values = new Float32Array(1_000_000);
    createRandomStream(9, "statistics").fillNext(values, { mean: 3, deviation: 0.5 });
    let sum = 0;
    let squares = 0;
    let beyondTwo = 0;
    let neighbours = 0;
    let previous = 0;
    for (const value of values) {
      const z = (value - 3) / 0.5;
      sum += z;
      squares += z * z;
      neighbours += z * previous;
      previous = z;
      if (Math.abs(z) > 2) beyondTwo++;
    }
    // Standard errors at a million values: 0.001, 0.001 and 0.0002; five of each.
    expect(Math.abs(sum / values.length)).toBeLessThan(0.005);
    expect(Math.abs(squares / values.length - 1)).toBeLessThan(0.005);
    expect(Math.abs(neighbours / values.length)).toBeLessThan(0.005);
    // 4.55 % of a normal distribution, slightly fewer here.
    expect(beyondTwo / values.length).toBeGreaterThan(0.04);
    expect(beyondTwo / values.length).toBeLessThan(0.048);
  });
});

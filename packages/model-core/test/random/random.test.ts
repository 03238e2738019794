import { describe, expect, it } from "vitest";

import { createRandom } from "../../src/index.ts";
import { philox } from "../../src/random/philox.ts";
import { modelErrorOf } from "../model-error-of.ts";

function draws(seed: number, path: readonly number[], count = 8): number[] {
  const random = createRandom(seed, path);
  return Array.from({ length: count }, () => random.integer(0, 0xffffffff));
}

describe("philox", () => {
  it("gives the known answers of its authors", () => {
    const ones = 0xffffffff;
    expect(philox([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    expect(philox([ones, ones, ones, ones], [ones, ones])).toEqual([
      0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd,
    ]);
    expect(
      philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    ).toEqual([0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]);
  });
});

describe("createRandom", () => {
  it("gives the same numbers for the same seed and path, and others for any other", () => {
    expect(draws(7, [3, 1])).toEqual(draws(7, [3, 1]));
    const sequences = [
      [7, [3, 1]],
      [8, [3, 1]],
      [7 + 2 ** 40, [3, 1]],
      [7, [1, 3]],
      [7, [3]],
      [7, [3, 1, 0]],
      [7, [3, 0]],
      [7, []],
      [7, [0]],
    ] as const;
    const seen = new Set(sequences.flatMap(([seed, path]) => draws(seed, path)));
    expect(seen.size).toBe(sequences.length * 8);
  });

  it("keeps its numbers: they are part of what a seed means", () => {
    expect(draws(0, [], 4)).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    const random = createRandom(42, [5, 2]);
    expect(Array.from({ length: 8 }, () => random.integer(75, 100))).toEqual([
      75, 84, 98, 97, 98, 80, 87, 98,
    ]);
    expect(random.uniform()).toBe(0.32332070346081787);
  });

  it("draws every whole number of a range equally often, both ends included", () => {
    const random = createRandom(1);
    const counts = new Map<number, number>();
    for (let i = 0; i < 26_000; i++) {
      const value = random.integer(75, 100);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 26 }, (_, i) => 75 + i),
    );
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    // 25 degrees of freedom: above 52.6 in one of a thousand seeds.
    expect(chiSquare).toBeLessThan(52.6);
  });

  it("draws equally often also where the range does not divide 2^32", () => {
    // Without drawing again, numbers below 2^30 would come half again as often as those above.
    const random = createRandom(2);
    let low = 0;
    for (let i = 0; i < 30_000; i++) if (random.integer(0, 3 * 2 ** 30 - 1) < 2 ** 30) low++;
    expect(Math.abs(low - 10_000)).toBeLessThan(4 * Math.sqrt((30_000 * 2) / 9));
  });

  it("takes ranges of one number, negative ones and the widest", async () => {
    const random = createRandom(3);
    expect(random.integer(5, 5)).toBe(5);
    for (let i = 0; i < 100; i++) {
      expect(Math.abs(random.integer(-1, 1))).toBeLessThanOrEqual(1);
      expect(random.integer(0, 2 ** 32 - 1)).toBeLessThan(2 ** 32);
    }
    for (const [minimum, maximum] of [
      [2, 1],
      [0.5, 3],
      [0, Number.NaN],
      [0, 2 ** 32],
    ] as const) {
      const error = await modelErrorOf(() => random.integer(minimum, maximum));
      expect(error.code).toBe("invalid-argument");
      expect(error.message).toContain(`got ${minimum} and ${maximum}`);
    }
  });

  it("draws uniform numbers from 0 up to 1", () => {
    const random = createRandom(4);
    const numbers = Array.from({ length: 10_000 }, () => random.uniform());
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * numbers.length));
  });

  it("refuses seeds and paths that are not whole numbers in range", async () => {
    for (const seed of [-1, 0.5, 2 ** 53]) {
      const error = await modelErrorOf(() => createRandom(seed));
      expect(error.code).toBe("invalid-argument");
      expect(error.message).toContain(`got ${seed}`);
    }
    for (const path of [[-1], [1.5], [2 ** 32], [1, 2, 3, 4]]) {
      const error = await modelErrorOf(() => createRandom(1, path));
      expect(error.message).toContain(`got [${path.join(", ")}]`);
    }
  });
});

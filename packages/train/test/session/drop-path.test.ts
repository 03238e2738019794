import { expect, test } from "vitest";

import { dropPathFactors } from "../../src/index.ts";

const options = { rate: 0.4, blocks: 3, batch: 500, seed: 5 };

test("the first block keeps all, the last drops with the full rate, and what is kept is scaled", () => {
  const { shape, data } = dropPathFactors(options)(0);
  expect(shape).toEqual([3, 2, 500, 1, 1]);
  for (const [block, rate] of [0, 0.2, 0.4].entries()) {
    const own = data.subarray(block * 1000, (block + 1) * 1000);
    expect(new Set(own)).toEqual(new Set(rate === 0 ? [1] : [0, Math.fround(1 / (1 - rate))]));
    // Three standard deviations of a mean of 1,000.
    const dropped = own.filter((factor) => factor === 0).length / own.length;
    expect(Math.abs(dropped - rate)).toBeLessThanOrEqual(3 * Math.sqrt((rate * (1 - rate)) / 1000));
  }
});

test("the factors of an update depend on nothing but the seed", () => {
  const walked = dropPathFactors(options);
  for (let step = 0; step < 3; step++) walked(step);
  expect(walked(3)).toEqual(dropPathFactors(options)(3));
  expect(walked(3)).not.toEqual(walked(4));
  expect(walked(3)).not.toEqual(dropPathFactors({ ...options, seed: 6 })(3));
});

test("a single block has the full rate, and rates outside [0, 1) are refused", () => {
  const { data } = dropPathFactors({ ...options, blocks: 1 })(0);
  expect(data).toContain(0);
  expect(() => dropPathFactors({ ...options, rate: 1 })).toThrow(/rate: expected .* got 1/);
});

import { createRandom } from "@internvit/test-kit";
import { expect, it } from "vitest";

import { exp, log } from "../../src/augment/elementary-functions.ts";

const CLOSE = 2 * Number.EPSILON;

it("exp and log are within two units of the engine's own", () => {
  const random = createRandom(1);
  for (let i = 0; i < 20_000; i++) {
    const x = (random.next() - 0.5) * (i % 2 === 0 ? 1 : 1400);
    expect(Math.abs(exp(x) / Math.exp(x) - 1), `exp(${x})`).toBeLessThanOrEqual(CLOSE);
    const y = i % 2 === 0 ? random.next() * 3 : random.next() * 1e300;
    const distance = Math.abs(log(y) - Math.log(y));
    expect(distance, `log(${y})`).toBeLessThanOrEqual(CLOSE * Math.abs(Math.log(y)));
  }
});

it("exp and log keep to their limits", () => {
  expect([exp(0), exp(-Infinity), exp(-746), exp(Infinity), exp(710), exp(NaN)]).toEqual([
    1,
    0,
    0,
    Infinity,
    Infinity,
    NaN,
  ]);
  expect([log(1), log(0), log(Infinity), log(-1), log(NaN)]).toEqual([
    0,
    -Infinity,
    Infinity,
    NaN,
    NaN,
  ]);
  expect(log(Number.MIN_VALUE)).toBeCloseTo(Math.log(Number.MIN_VALUE), 10);
});

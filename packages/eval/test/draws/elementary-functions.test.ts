import { createRandom } from "@internvit/test-kit";
import { expect, it } from "vitest";

import { cosTurns, exp, log, sinTurns } from "../../src/draws/elementary-functions.ts";

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

it("sine and cosine of turns are the engine's own, as near as a rounded angle allows", () => {
  const random = createRandom(2);
  for (let i = 0; i < 20_000; i++) {
    const turns = random.next();
    const angle = 2 * Math.PI * turns;
    // The engine's angle is rounded twice.
    const close = CLOSE + angle * Number.EPSILON;
    expect(Math.abs(sinTurns(turns) - Math.sin(angle)), `sin ${turns}`).toBeLessThanOrEqual(close);
    expect(Math.abs(cosTurns(turns) - Math.cos(angle)), `cos ${turns}`).toBeLessThanOrEqual(close);
  }
});

it("quarters of a turn are exact", () => {
  const quarters = [0, 0.25, 0.5, 0.75];
  expect(quarters.map((turns) => sinTurns(turns) + 0)).toEqual([0, 1, 0, -1]);
  expect(quarters.map((turns) => cosTurns(turns) + 0)).toEqual([1, 0, -1, 0]);
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

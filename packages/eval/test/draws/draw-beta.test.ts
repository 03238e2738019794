import { isEvalError } from "@internvit/eval";
import { createRandom } from "@internvit/model-core";
import { describe, expect, it } from "vitest";

import { drawBeta } from "../../src/draws/draw-beta.ts";
import { chiSquareOfUniform, LIMIT_OF_16_BINS } from "./chi-square.ts";

/** The share of Beta(alpha, alpha) below x, by Simpson's rule after x = sin^2(t), which takes the poles away. */
function betaShareBelow(alpha: number): (x: number) => number {
  const steps = 2000;
  const density = (t: number): number => (Math.sin(t) * Math.cos(t)) ** (2 * alpha - 1);
  const sums = [0];
  const width = Math.PI / 2 / steps;
  for (let i = 0; i < steps; i++) {
    const t = i * width;
    const part = density(t + 1e-12) + 4 * density(t + width / 2) + density(t + width - 1e-12);
    sums.push(sums[i]! + part);
  }
  return (x) => {
    const position = Math.asin(Math.sqrt(x)) / width;
    const index = Math.min(Math.floor(position), steps - 1);
    const at = sums[index]! + (sums[index + 1]! - sums[index]!) * (position - index);
    return at / sums[steps]!;
  };
}

describe("drawBeta", () => {
  it.each([0.5, 0.8, 1, 2, 4])("follows Beta(alpha, alpha) over 16 bins for alpha %s", (alpha) => {
    const random = createRandom(11, [Math.round(alpha * 10)]);
    const shareBelow = betaShareBelow(alpha);
    const shares = Array.from({ length: 6000 }, () => shareBelow(drawBeta(random, alpha)));
    expect(chiSquareOfUniform(shares, 16)).toBeLessThan(LIMIT_OF_16_BINS);
  });

  it("stays from 0 to 1 for tiny alphas, whose numbers are near the ends", () => {
    const random = createRandom(12);
    const numbers = Array.from({ length: 2000 }, () => drawBeta(random, 0.01));
    expect(numbers.every((number) => number >= 0 && number <= 1)).toBe(true);
    const high = numbers.filter((number) => number > 0.5).length;
    expect(Math.abs(high - 1000)).toBeLessThan(4 * Math.sqrt(500));
    expect(numbers.filter((number) => number > 0.01 && number < 0.99).length).toBeLessThan(200);
  });

  it("refuses an alpha that it cannot draw for", () => {
    for (const alpha of [0, -1, 5, NaN, Infinity]) {
      let error: unknown;
      try {
        drawBeta(createRandom(1), alpha);
      } catch (caught) {
        error = caught;
      }
      expect(isEvalError(error) && error.code).toBe("invalid-argument");
    }
  });
});

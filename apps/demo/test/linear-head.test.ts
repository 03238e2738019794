import { expect, test } from "vitest";

import { spreadOf } from "../src/model/feature-spread.ts";
import { classify, featureVector, type LinearHead } from "../src/model/linear-head.ts";

const HEAD: LinearHead = {
  classes: ["low", "high"],
  mean: Float32Array.of(1, 2),
  variance: Float32Array.of(4, 9),
  weight: Float32Array.of(-1, 0, 1, 0.5),
  bias: Float32Array.of(0.25, -0.25),
};

test("a vector is standardised, then the linear layer and softmax apply", () => {
  const { chances, best, distance } = classify(HEAD, Float32Array.of(5, -1));
  // Standardised: 2 and -1; logits: -2 + 0.25 and 2 - 0.5 - 0.25.
  const odds = Math.exp(-1.75 - 1.25);
  expect(chances[0]).toBeCloseTo(odds / (1 + odds), 6);
  expect(chances[0]! + chances[1]!).toBeCloseTo(1, 12);
  expect(best).toBe(1);
  expect(distance).toBeCloseTo(Math.sqrt((4 + 1) / 2), 6);
});

test("what is far away overflows nothing, and another width is refused", () => {
  expect(classify(HEAD, Float32Array.of(1e6, 0)).chances).toEqual([0, 1]);
  expect(() => classify(HEAD, new Float32Array(3))).toThrow("takes 2 numbers a picture, got 3");
});

test("the class token comes before the mean of the patches", () => {
  const classToken = Float32Array.of(1, 2);
  const patchMean = Float32Array.of(3, 4);
  expect([...featureVector({ classToken, patchMean })]).toEqual([1, 2, 3, 4]);
});

test("variances of few examples are drawn towards the median, those of many hardly", () => {
  const few = spreadOf([Float32Array.of(0, 0, 5), Float32Array.of(2, 6, 5)]);
  expect([...few.mean]).toEqual([1, 3, 5]);
  // Variances 1, 9 and 0, of which the median weighs twice as much as two examples.
  for (const [index, value] of [(1 + 2) / 3, (9 + 2) / 3, 2 / 3].entries()) {
    expect(few.variance[index]).toBeCloseTo(value, 6);
  }
  const many = Array.from({ length: 396 }, (_, row) => Float32Array.of(row % 2, 0, 3 * (row % 2)));
  expect(spreadOf(many).variance[2]).toBeCloseTo(2.25 * 0.99 + 0.25 * 0.01, 5);
});

import { createScorer, decodeOutcomes, type LabelledPicture, wasRight } from "@internvit/eval";
import { createRandom } from "@internvit/model-core";
import { describe, expect, test } from "vitest";

const picture = (index: number, ...labels: number[]): LabelledPicture => ({
  index,
  key: `p${index}.png`,
  labels,
});

/** Scores of three classes that answer one of them. */
function answer(predicted: number, height: number): Float32Array {
  const row = new Float32Array(3);
  row[predicted] = height;
  return row;
}

test("of equal scores the lower class ranks first", () => {
  const scorer = createScorer({ width: 7 });
  const level = new Float32Array(7).fill(0.5);
  scorer.add([picture(0, 0)], level);
  scorer.add([picture(1, 4)], level);
  scorer.add([picture(2, 5)], level);
  expect(scorer.score()).toMatchObject({ scored: 3, top1Correct: 1, top5Correct: 2 });
});

test("agrees with sorting whole rows", () => {
  const random = createRandom(7);
  const [count, width] = [200, 23];
  const scores = Float32Array.from({ length: count * width }, () =>
    Math.round(random.uniform() * 12),
  );
  const pictures = Array.from({ length: count }, (_, at) => picture(at, at % width));
  const scorer = createScorer({ width, outcomesOf: count });
  scorer.add(pictures, scores);
  const ranks = pictures.map(({ index, labels }) => {
    const row = [...scores.subarray(index * width, (index + 1) * width)];
    const order = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b);
    return order.indexOf(labels[0]!);
  });
  const score = scorer.score();
  expect(score.top1Correct).toBe(ranks.filter((rank) => rank < 1).length);
  expect(score.top5Correct).toBe(ranks.filter((rank) => rank < 5).length);
  expect(score.perClass.pictures.reduce((a, b) => a + b)).toBe(count);
  expect(score.perClass.top1Correct.reduce((a, b) => a + b)).toBe(score.top1Correct);
  const outcomes = decodeOutcomes(score.outcomes!, count);
  expect(ranks.map((_, at) => wasRight(outcomes, at))).toEqual(ranks.map((rank) => rank === 0));
});

describe("unreadable pictures", () => {
  test("stay in the denominator, by number and by name", () => {
    const scorer = createScorer({ width: 3, namedUnreadable: 1 });
    scorer.add([picture(0, 1)], new Float32Array([0, 1, 0]));
    scorer.addUnreadable(picture(1, 2), "a JPEG that ends early");
    scorer.addUnreadable(picture(2, 2), "empty");
    const { scored, unreadable, top1, top5, perClass } = scorer.score();
    expect({ scored, unreadable, top1, top5 }).toEqual({
      scored: 3,
      unreadable: 2,
      top1: (1 / 3) * 100,
      top5: (1 / 3) * 100,
    });
    expect(perClass.pictures).toEqual([0, 1, 2]);
    expect(scorer.unreadable()).toEqual([
      { index: 1, key: "p1.png", reason: "a JPEG that ends early" },
    ]);
  });

  test("end the evaluation where the policy says so", () => {
    const scorer = createScorer({ width: 3, unreadable: "fail" });
    expect(() => scorer.addUnreadable(picture(1, 2), "empty")).toThrow(
      "p1.png (picture 1) cannot be read: empty",
    );
  });

  test("without labels are not scored either way", () => {
    const scorer = createScorer({ width: 3 });
    scorer.addUnreadable(picture(1), "empty");
    expect(scorer.score()).toMatchObject({ scored: 0, unlabelled: 1, unreadable: 0, top1: null });
    expect(scorer.unreadable()).toHaveLength(1);
  });
});

test("the least recognised classes come with what they are taken for and their clearest mistakes", () => {
  const scorer = createScorer({ width: 3, worstClasses: 1 });
  scorer.add([picture(0, 2)], answer(0, 1));
  scorer.add([picture(1, 2)], answer(0, 5));
  scorer.add([picture(2, 2)], answer(1, 3));
  scorer.add([picture(3, 1)], answer(1, 3));
  const [worst, ...more] = scorer.score().worstClasses;
  expect(more).toEqual([]);
  expect(worst).toMatchObject({
    label: 2,
    pictures: 3,
    top1Correct: 0,
    mistakenFor: [
      { label: 0, pictures: 2 },
      { label: 1, pictures: 1 },
    ],
  });
  expect(worst!.examples.map(({ index }) => index)).toEqual([1, 2, 0]);
  expect(scorer.score().worstPictures.map(({ index }) => index)).toEqual([1, 2, 0]);
});

test("calibration compares confidence with accuracy, bin by bin", () => {
  const scorer = createScorer({ width: 2, scores: "shares", bins: 2 });
  scorer.add([picture(0, 0), picture(1, 1)], new Float32Array([1, 0, 0.75, 0.25]));
  scorer.add([picture(2, 1)], new Float32Array([0.5, 0.5]));
  const { expectedError, bins } = scorer.score().calibration;
  expect(bins).toEqual([
    { pictures: 1, correct: 0, confidence: 0.5 },
    { pictures: 2, correct: 1, confidence: 0.875 },
  ]);
  expect(expectedError).toBe((0.5 + 0.75) / 3);
});

test("confidence is a softmax over the columns that count, also of large logits", () => {
  const scorer = createScorer({ width: 3, columns: [0, 2], bins: 10 });
  scorer.add([picture(0, 1)], new Float32Array([1000, 5000, 1000 + Math.log(3)]));
  const [{ confidence } = { confidence: 0 }] = scorer
    .score()
    .calibration.bins.filter(({ pictures }) => pictures === 1);
  // float32 has seven digits: log 3 beside 1000 keeps four of them.
  expect(confidence).toBeCloseTo(0.75, 4);
});

test("names the picture of a label out of range and of a score that is no number", () => {
  const scorer = createScorer({ width: 3 });
  expect(() => scorer.add([picture(4, 3)], new Float32Array(3))).toThrow(
    "p4.png (picture 4): expected labels from 0 to 2, found 3",
  );
  expect(() => scorer.add([picture(4, 1)], new Float32Array([0, NaN, 0]))).toThrow(
    "p4.png (picture 4): the score of class 1 is not a number",
  );
  expect(() => scorer.add([picture(4, 1)], new Float32Array(4))).toThrow("expected 1 × 3, found 4");
  expect(() => createScorer({ width: 3, columns: [1, 1] })).toThrow("the column of label 1");
});

test("outcomes of any number of pictures are what was marked", () => {
  for (const count of [0, 1, 7, 8, 9, 16, 17, 23, 24, 25, 100]) {
    const scorer = createScorer({ width: 2, outcomesOf: count });
    for (let at = 0; at < count; at += 1) {
      scorer.add([picture(at, at % 3 === 0 ? 1 : 0)], new Float32Array([0, 1]));
    }
    const outcomes = decodeOutcomes(scorer.score().outcomes!, count);
    const found = Array.from({ length: count }, (_, at) => wasRight(outcomes, at));
    expect(found).toEqual(Array.from({ length: count }, (_, at) => at % 3 === 0));
    expect(() => decodeOutcomes(scorer.score().outcomes!, count + 100)).toThrow("expected");
  }
});

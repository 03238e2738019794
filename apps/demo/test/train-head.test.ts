import { createRandom } from "@internvit/model-core";
import { createNodeRuntime } from "@internvit/runtime-node";
import { expect, test } from "vitest";

import { classify, type LinearHead, standardize } from "../src/model/linear-head.ts";
import { type Example, trainHead, type TrainedHead } from "../src/model/train-head.ts";

const WIDTH = 32;

/** Examples of classes whose centres are `apart` standard deviations from each other in every number. */
function draw(
  counts: readonly number[],
  options: { readonly seed: number; readonly apart: number },
): readonly Example[] {
  const random = createRandom(options.seed);
  const normal = (): number =>
    Array.from({ length: 12 }, () => random.uniform()).reduce((a, b) => a + b, -6);
  const centres = counts.map(() =>
    Array.from({ length: WIDTH }, () => Math.sign(random.uniform() - 0.5) * options.apart),
  );
  return counts.flatMap((count, label) =>
    Array.from({ length: count }, () => ({
      vector: Float32Array.from(centres[label]!, (centre) => centre + normal()),
      label,
    })),
  );
}

async function train(
  examples: readonly Example[],
  signal = new AbortController().signal,
): Promise<TrainedHead> {
  const classes = [...new Set(examples.map(({ label }) => `class ${label}`))];
  return await trainHead(examples, {
    runtime: createNodeRuntime(),
    classes,
    signal,
    onProgress() {},
  });
}

test("classes that are apart are told apart, and two examples of each are no certainty", async () => {
  const examples = draw([2, 2, 2], { seed: 3, apart: 2 });
  const { head, losses, leftOut } = await train(examples);
  for (const { vector, label } of examples) {
    const { best, chances } = classify(head, vector);
    expect(best).toBe(label);
    expect(chances[best]).toBeGreaterThan(0.6);
    expect(chances[best]).toBeLessThan(0.95);
  }
  expect(losses[0]).toBeCloseTo(Math.log(3), 5);
  expect(losses[1]).toBeLessThan(0.6);
  expect(leftOut).toEqual([true, true, true, true, true, true]);
});

test("the head is where cross entropy with weight decay is least", async () => {
  const examples = draw([9, 6], { seed: 5, apart: 0.3 });
  const { head } = await train(examples);
  expect(slopeAt(head, examples)).toBeLessThan(2e-3);
});

test("the same examples give the same head", async () => {
  const examples = draw([3, 4], { seed: 7, apart: 1 });
  const [first, second] = [await train(examples), await train(examples)];
  expect(second.head).toEqual(first.head);
});

test("what nobody can know without having seen it is not counted; labels without a meaning are guessed", async () => {
  const { leftOut } = await train(draw([1, 2], { seed: 9, apart: 2 }));
  expect(leftOut[0]).toBeUndefined();
  expect(leftOut.slice(1)).not.toContain(undefined);
  const random = createRandom(11);
  const shuffled = draw([40], { seed: 11, apart: 0 }).map(({ vector }) => ({
    vector,
    label: Math.floor(2 * random.uniform()),
  }));
  const guessed = (await train(shuffled)).leftOut.filter((isRight) => isRight).length;
  // 20 of 40, give or take three standard deviations.
  expect(Math.abs(guessed - 20)).toBeLessThan(3 * Math.sqrt(10));
});

test("a class without an example is refused, and a signal ends the training", async () => {
  const examples = draw([2, 2], { seed: 13, apart: 1 });
  const { signal } = new AbortController();
  const options = { runtime: createNodeRuntime(), signal, onProgress() {} };
  await expect(trainHead(examples, { ...options, classes: ["a", "b", "c"] })).rejects.toThrow(
    "c has none",
  );
  await expect(trainHead([], { ...options, classes: ["a"] })).rejects.toThrow(RangeError);
  const end = new AbortController();
  const steps: number[] = [];
  const aborted = trainHead(examples, {
    ...options,
    classes: ["a", "b"],
    signal: end.signal,
    onProgress({ step }) {
      steps.push(step);
      if (step === 5) end.abort(new Error("other examples"));
    },
  });
  await expect(aborted).rejects.toThrow("other examples");
  expect(steps.at(-1)).toBe(5);
});

/** Length of the gradient of mean cross entropy + 0.3 / (2 n) |w|², by w of vectors that were scaled to length 1, and b. */
function slopeAt(head: LinearHead, examples: readonly Example[]): number {
  const gradient = new Float64Array(head.weight.length + head.bias.length);
  for (const { vector, label } of examples) {
    const standard = standardize(vector, head);
    for (const [row, chance] of classify(head, vector).chances.entries()) {
      const error = (chance - (row === label ? 1 : 0)) / examples.length;
      gradient[head.weight.length + row]! += error;
      for (let i = 0; i < WIDTH; i++)
        gradient[row * WIDTH + i]! += (error * standard[i]!) / Math.sqrt(WIDTH);
    }
  }
  for (const [i, weight] of head.weight.entries()) {
    gradient[i]! += (0.3 / examples.length) * weight * Math.sqrt(WIDTH);
  }
  return Math.hypot(...gradient);
}

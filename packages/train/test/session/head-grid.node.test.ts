import { createNodeRuntime } from "@internvit/runtime-node";
import { expect, test } from "vitest";

import { createTrainingSession, headGrid, sgd } from "../../src/index.ts";
import { batchAt, batchOf, training } from "./small-training.ts";

const HEADS = {
  slow: { learningRateScale: 0.5 },
  fast: { learningRateScale: 4, weightDecay: 0.01 },
  plain: {},
};
const OPTIMIZER = sgd({ momentum: 0.9, nesterov: true });

test("each head of a grid is trained as if it were alone", async () => {
  const options = training({ optimizer: OPTIMIZER });
  const { model, loss } = options;
  const runtime = createNodeRuntime();
  await using grid = await createTrainingSession(runtime, {
    ...options,
    ...headGrid({ model, loss, heads: HEADS }),
  });
  const first = await grid.saveCheckpoint();
  for (const [head, group] of Object.entries(HEADS)) {
    await using alone = await createTrainingSession(runtime, { ...options, group: () => group });
    await grid.loadCheckpoint(first);
    for (let step = 0; step < 5; step++) {
      const own = await alone.step(batchAt(step));
      const all = await grid.step(batchAt(step));
      expect(all.losses[head]).toBeCloseTo(own.loss, 6);
      expect(all.gradNorms[head]).toBeCloseTo(own.gradNorm, 5);
    }
    const weights = await grid.weights();
    for (const [name, { data }] of Object.entries(await alone.weights())) {
      for (const [at, value] of data.entries()) {
        expect(Number(weights[`${head}/${name}`]!.data[at])).toBeCloseTo(Number(value), 5);
      }
    }
  }
  const { outputs, losses } = await grid.evaluate(batchOf([0, 1]));
  expect(Object.keys(outputs)).toEqual(["slow/logits", "fast/logits", "plain/logits"]);
  expect(Object.keys(losses)).toEqual(["slow", "fast", "plain"]);
});

test("refuses a grid without heads and names with a slash", () => {
  const { model, loss } = training();
  expect(() => headGrid({ model, loss, heads: {} })).toThrow(/heads: .* got none/);
  expect(() => headGrid({ model, loss, heads: { "a/b": {} } })).toThrow(/got "a\/b"/);
});

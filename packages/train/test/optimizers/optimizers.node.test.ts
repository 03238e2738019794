// Five updates of each optimizer, clipped to norm 2, against torch.optim in float64 (PyTorch 2.13).

import { createNodeRuntime } from "@internvit/runtime-node";
import { expect, test } from "vitest";

import { adamW, createTrainingSession, sgd } from "../../src/index.ts";
import { squareTraining, vector } from "../session/square-model.ts";

const RATES = [0.1, 0.05, 0.2, 0.02, 0.1];

test.each([
  ["SGD", sgd(), 1, [0.80796121, -1.31691199, -0.2189578]],
  ["momentum", sgd({ momentum: 0.9 }), 1, [0.50882076, -0.24482845, -1.35561685]],
  [
    "Nesterov momentum",
    sgd({ momentum: 0.9, nesterov: true }),
    1,
    [0.38859291, 0.21251146, -1.86757288],
  ],
  [
    "AdamW at half the rate",
    adamW({ betas: [0.9, 0.99] }),
    0.5,
    [0.74501198, -1.72038802, 0.25525969],
  ],
] as const)(
  "%s with weight decay is PyTorch's",
  async (_, optimizer, learningRateScale, expected) => {
    await using session = await createTrainingSession(
      createNodeRuntime(),
      squareTraining({
        optimizer,
        schedule: (step) => RATES[step]!,
        group: () => ({ learningRateScale, weightDecay: 0.1 }),
        maxGradNorm: 2,
      }),
    );
    for (const rate of RATES) {
      const { learningRate } = await session.step({ target: vector(0.25, 1, -3) });
      expect(learningRate).toBe(rate);
    }
    const { point } = await session.weights();
    for (const [at, value] of expected.entries()) {
      expect(Number(point!.data[at])).toBeCloseTo(value, 5);
    }
  },
);

test("refuses settings outside their ranges", () => {
  expect(() => sgd({ momentum: 1 })).toThrow(/momentum: expected a number in \[0, 1\), got 1/);
  expect(() => sgd({ nesterov: true })).toThrow(/momentum: expected a number in \(0, 1\), got 0/);
  expect(() => adamW({ betas: [0.9, 2] })).toThrow(/betas\[1\]/);
  expect(() => adamW({ epsilon: 0 })).toThrow(/epsilon: expected a number above 0, got 0/);
});

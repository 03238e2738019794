// A grid of heads in both layouts, as a test for any runtime.

import type { GraphRuntime } from "@internvit/model-core";
import { expect, test } from "vitest";

import {
  adamW,
  createTrainingSession,
  headGrid,
  type ParameterGroup,
  type Tensors,
} from "../../src/index.ts";
import { batchAt, batchOf, training } from "./small-training.ts";

export const LAYOUTS = ["separate", "stacked"] as const;
export const HEADS = {
  slow: { learningRateScale: 0.5 },
  fast: { learningRateScale: 4, weightDecay: 0.01 },
  plain: {},
};

/** A training in both layouts, step by step, and a checkpoint of one in the other. */
export function describeGridLayouts(label: string, createRuntime: () => GraphRuntime): void {
  test(`a grid has one state in both layouts: ${label}`, async () => {
    const options = training({ optimizer: adamW(), averageDecay: 0.9, maxGradNorm: 0.3 });
    const { model, loss } = options;
    const [separate, stacked] = await Promise.all(
      LAYOUTS.map((layout) =>
        createTrainingSession(createRuntime(), {
          ...options,
          ...headGrid({ model, loss, group: fasterEnd, heads: HEADS, layout }),
        }),
      ),
    );
    for (let step = 0; step < 6; step++) {
      const [one, other] = [
        await separate!.step(batchAt(step)),
        await stacked!.step(batchAt(step)),
      ];
      expect(other.losses).toEqual(closeTo(one.losses));
      expect(other.gradNorms).toEqual(closeTo(one.gradNorms));
    }
    expectClose(await stacked!.state(), await separate!.state());
    await stacked!.loadCheckpoint(await separate!.saveCheckpoint());
    expect(await stacked!.state()).toEqual(await separate!.state());
    const batch = batchOf([0, 1, 2]);
    const [one, other] = [await separate!.evaluate(batch), await stacked!.evaluate(batch)];
    expect(other.losses).toEqual(closeTo(one.losses));
    expectClose(other.outputs, one.outputs);
    await Promise.all([separate!.dispose(), stacked!.dispose()]);
  });
}

function fasterEnd(name: string): ParameterGroup {
  return { learningRateScale: name.startsWith("last") ? 2 : 1 };
}

/** Numbers by name, as a matcher for others. */
export function closeTo(
  values: Readonly<Record<string, number>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, expect.closeTo(value, 5)]),
  );
}

function expectClose(actual: Tensors, expected: Tensors): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(actual[name]!.shape).toEqual(shape);
    for (const [at, value] of data.entries()) {
      expect(Number(actual[name]!.data[at]), `${name} at ${at}`).toBeCloseTo(Number(value), 4);
    }
  }
}

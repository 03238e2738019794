import type { Tensor } from "@internvit/model-core";
import { createNodeRuntime } from "@internvit/runtime-node";
import { expect, test } from "vitest";

import {
  adamW,
  createTrainingSession,
  stackTensors,
  stepOf,
  type StepResult,
  type TrainOptions,
} from "../../src/index.ts";
import { batchAt, training } from "./small-training.ts";

const STEPS = 7;

async function trained(
  options: TrainOptions,
  given: { readonly batches?: readonly ReturnType<typeof batchAt>[] } = {},
) {
  await using session = await createTrainingSession(createNodeRuntime(), {
    ...training({ watch: ["logits"], optimizer: adamW(), maxGradNorm: 0.05, averageDecay: 0.9 }),
  });
  const results: StepResult[] = [];
  const batches = given.batches ?? Array.from({ length: STEPS }, (_, step) => batchAt(step));
  const failure = await session
    .train(batches, { ...options, onStep: (result) => results.push(result) })
    .catch((error: unknown) => error);
  const checkpoint = await session.saveCheckpoint();
  return { results, failure, checkpoint, updates: session.updates };
}

test("several updates in one run give the bits of single runs, and so do those that are left over", async () => {
  const single = await trained({});
  expect(single.updates).toBe(STEPS);
  expect(await trained({ stepsPerRun: 3 })).toEqual(single);
});

test("a number that is not finite is found in its step, with the state before it", async () => {
  const batches = Array.from({ length: STEPS }, (_, step) => batchAt(step));
  const [[name, tensor]] = Object.entries(batches[4]!).filter(
    ([, { dtype }]) => dtype === "float32",
  ) as [[string, ReturnType<typeof batchAt>[string]]];
  batches[4] = {
    ...batches[4],
    [name]: { ...tensor, data: Float32Array.from(tensor.data as Float32Array).fill(Number.NaN) },
  };
  const single = await trained({}, { batches });
  const looped = await trained({ stepsPerRun: 3 }, { batches });
  expect(looped).toEqual(single);
  expect(looped.updates).toBe(4);
  expect(looped.failure).toMatchObject({ code: "not-finite", subject: name });
});

test("batches in one buffer are moved there, and a run that has to be done again has them still", async () => {
  const all = Array.from({ length: 3 }, (_, step) => batchAt(step));
  let stacks: Record<string, Tensor> = {};
  const inOneBuffer = () =>
    all.map((_, step) =>
      Object.fromEntries(
        Object.entries(stacks).map(([name, stack]) => [name, stepOf(stack, step)]),
      ),
    );
  for (const wrong of [false, true]) {
    stacks = Object.fromEntries(
      Object.keys(all[0]!).map((name) => [name, stackTensors(all.map((each) => each[name]!))]),
    );
    if (wrong) (stacks["x"]!.data as Float32Array).fill(Number.NaN, stacks["x"]!.data.length - 1);
    const single = await trained({}, { batches: inOneBuffer() });
    const moved = await trained({ stepsPerRun: 3, move: true }, { batches: inOneBuffer() });
    expect(moved).toEqual(single);
    expect(moved.updates).toBe(wrong ? 2 : 3);
    expect(stacks["x"]!.data).toHaveLength(0);
  }
});

test("an abort leaves the state of the last whole run", async () => {
  const controller = new AbortController();
  const all = Array.from({ length: STEPS }, (_, step) => batchAt(step));
  function* batches() {
    for (const [step, batch] of all.entries()) {
      if (step === 5) controller.abort(new Error("enough"));
      yield batch;
    }
  }
  await using session = await createTrainingSession(createNodeRuntime(), training());
  const run = session.train(batches(), { stepsPerRun: 3, signal: controller.signal });
  await expect(run).rejects.toThrow("enough");
  expect(session.updates).toBe(3);
});

test("is refused where an update is more than one run, and for no number of updates", async () => {
  await using session = await createTrainingSession(
    createNodeRuntime(),
    training({ accumulate: 2 }),
  );
  await expect(session.train([], { stepsPerRun: 2 })).rejects.toThrow(
    "stepsPerRun: expected 1 with accumulate or lossScale, got 2",
  );
  await using onGpu = await createTrainingSession(
    { ...createNodeRuntime(), executionProvider: "webgpu" },
    training(),
  );
  await expect(onGpu.train([], { stepsPerRun: 2 })).rejects.toThrow("expected 1 on webgpu");
  await expect(session.train([], { stepsPerRun: 0 })).rejects.toThrow("got 0");
});

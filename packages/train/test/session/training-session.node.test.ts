import type { Tensor } from "@internvit/model-core";
import { createNodeRuntime } from "@internvit/runtime-node";
import { describe, expect, test } from "vitest";

import {
  createTrainingSession,
  sgd,
  type StepResult,
  type Tensors,
  type TrainingOptions,
} from "../../src/index.ts";
import {
  BATCH,
  batchAt,
  batchOf,
  CLASSES,
  matrix,
  ROWS,
  training,
  WIDTH,
} from "./small-training.ts";
import { squareTraining, vector } from "./square-model.ts";

const start = (options: TrainingOptions & { readonly signal?: AbortSignal } = training()) =>
  createTrainingSession(createNodeRuntime(), options);

const expectRefused = (options: Partial<TrainingOptions>, message: RegExp) =>
  expect(start(training(options))).rejects.toThrow(message);

describe("a training", () => {
  test("learns, and tells loss, gradient norm and rate of each step", async () => {
    await using session = await start();
    const results: StepResult[] = [];
    const batches = Array.from({ length: 60 }, (_, step) => batchAt(step));
    await session.train(batches, { onStep: (result) => results.push(result) });
    expect(results.map(({ step }) => step)).toEqual(batches.map((_, step) => step));
    expect(results[59]!.loss).toBeLessThan(results[0]!.loss / 3);
    expect(results[0]!.gradNorm).toBeGreaterThan(0);
    expect(results[10]!.learningRate).toBe(0.02);
    expect(session.updates).toBe(60);
    const { outputs, loss } = await session.evaluate(batchOf(Array(ROWS).keys()));
    expect(outputs["logits"]!.shape).toEqual([ROWS, CLASSES]);
    expect(loss).toBeLessThan(results[0]!.loss / 3);
    const averaged = await session.evaluate({ x: batchAt(0)["x"]! }, { averaged: true });
    expect(averaged.loss).toBeUndefined();
  });

  test("that was interrupted and resumed gives the bits of one that was not", async () => {
    await using whole = await start();
    for (let step = 0; step < 9; step++) await whole.step(batchAt(step));
    await using before = await start();
    for (let step = 0; step < 4; step++) await before.step(batchAt(step));
    const bytes = await before.saveCheckpoint();
    await using after = await start(training({ seed: 0 }));
    await after.loadCheckpoint(bytes);
    expect([after.updates, after.seed]).toEqual([4, 3]);
    for (let { updates } = after; updates < 9; updates++) await after.step(batchAt(updates));
    expect(await after.state()).toEqual(await whole.state());
    expect(await after.saveCheckpoint()).toEqual(await whole.saveCheckpoint());
  });

  test("with gradients of several batches averages them", async () => {
    const targets = [vector(0, 1, 2), vector(-4, 3, 0)].map((target) => ({ target }));
    const momentum = sgd({ momentum: 0.9 });
    await using split = await start(squareTraining({ accumulate: 2, optimizer: momentum }));
    await using joined = await start(squareTraining({ optimizer: momentum }));
    for (let step = 0; step < 3; step++) {
      const { loss, gradNorm } = await split.step(targets);
      const mean = await joined.step({ target: vector(-2, 2, 1) });
      expect(gradNorm).toBeCloseTo(mean.gradNorm, 5);
      expect(loss).toBeGreaterThan(mean.loss);
    }
    const [one, two] = [await split.state(), await joined.state()];
    for (const [name, { data }] of Object.entries(two)) {
      for (const [at, value] of data.entries()) {
        expect(Number(one[name]!.data[at])).toBeCloseTo(Number(value), 5);
      }
    }
    await expect(split.step(targets[0]!)).rejects.toThrow(/takes 2 batches .* got 1/);
  });

  test("shows the values that are watched: gradients before clipping", async () => {
    await using session = await start(
      squareTraining({ watch: ["point", "gradient/point"], maxGradNorm: 0.1 }),
    );
    const { watched, gradNorm } = await session.step({ target: vector(0, 0, 0) });
    expect(watched["point"]).toEqual(vector(1, -2, 0.5));
    expect(watched["gradient/point"]).toEqual(vector(1, -2, 0.5));
    expect(gradNorm).toBeCloseTo(Math.sqrt(5.25), 6);
  });

  test("under loss scaling leaves out a step that overflows, and halves the scale", async () => {
    const scaling = { lossScale: { initial: 2 ** 127 }, watch: ["gradient/point"] };
    await using session = await start(squareTraining(scaling));
    const target = { target: vector(1, -2, 3.5) };
    expect(await session.step(target)).toMatchObject({ step: 0, skipped: true });
    expect((await session.weights())["point"]).toEqual(vector(1, -2, 0.5));
    expect(session.updates).toBe(0);
    const done = await session.step(target);
    expect(done).toMatchObject({ step: 0, skipped: false, gradNorm: 3 });
    expect(done.watched["gradient/point"]).toEqual(vector(0, 0, -3));
  });
});

describe("a step that fails", () => {
  test("by NaN names the first bad tensor and leaves state and checkpoint as they were", async () => {
    await using session = await start();
    await session.step(batchAt(0));
    const good = await session.saveCheckpoint();
    const batch = batchAt(1);
    (batch["x"]!.data as Float32Array)[3] = Number.NaN;
    await expect(session.step(batch)).rejects.toMatchObject({ code: "not-finite", subject: "x" });
    expect(await session.saveCheckpoint()).toEqual(good);
    await session.step(batchAt(1));
  });

  test.each([
    ["loss", vector(0, 0, 3e38), 0.1],
    ["gradient/point", vector(0, 0, 1.9e19), 0.1],
    ["next/point", vector(0, 0, 1e10), 1e35],
  ])("by an overflow names it: %s", async (subject, target, rate) => {
    await using session = await start(squareTraining({ schedule: () => rate }));
    await expect(session.step({ target })).rejects.toMatchObject({ code: "not-finite", subject });
    expect((await session.weights())["point"]).toEqual(vector(1, -2, 0.5));
  });

  test("by its signal rejects with the reason and leaves the state", async () => {
    await using session = await start();
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(session.step(batchAt(0), { signal })).rejects.toBe(reason);
    await expect(session.train([batchAt(0)], { signal })).rejects.toBe(reason);
    expect(session.updates).toBe(0);
    await expect(start({ ...training(), signal })).rejects.toBe(reason);
  });
});

test("a step that is aborted while it runs has not happened, and the next one is as if it had not begun", async () => {
  await using session = await start();
  await using other = await start();
  const controller = new AbortController();
  const reason = new Error("enough");
  const running = session.step(batchAt(0), { signal: controller.signal });
  // Far enough for the run to have begun, without giving its reply a chance to arrive.
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
  expect(session.updates).toBe(0);
  await session.step(batchAt(1));
  await other.step(batchAt(1));
  expect(await session.state()).toEqual(await other.state());
});

describe("what does not fit is refused", () => {
  test("in a batch, before it is run", async () => {
    await using session = await start();
    const { x, labels: own } = batchAt(0);
    const refused = (batch: Tensors, message: RegExp) =>
      expect(session.step(batch)).rejects.toThrow(message);
    await refused({ x: x! }, /the batch has no labels; it needs: x, labels/);
    await refused({ x: x!, labels: own!, y: x! }, /the batch has y, which is no input/);
    const wide: Tensor = { dtype: "float32", shape: [BATCH, 9], data: new Float32Array(9 * BATCH) };
    await refused({ x: wide, labels: own! }, /x: expected float32 \[8, 6\], got float32 \[8, 9\]/);
    const none: Tensor = { dtype: "float32", shape: [0, WIDTH], data: new Float32Array() };
    await refused({ x: none, labels: own! }, /x: the batch is empty, \[0, 6\]/);
    const doubles = { ...x!, data: new Float64Array(BATCH * WIDTH) } as unknown as Tensor;
    await refused({ x: doubles, labels: own! }, /x: float32 has 4 bytes for each element/);
    const short: Tensor = { ...x!, data: new Float32Array(4) } as Tensor;
    await refused({ x: short, labels: own! }, /x: \[8, 6\] takes 48 elements, got 4/);
    const data = BigInt64Array.of(0n, 1n, 2n, 0n, 1n, 3n, 0n, 0n);
    await refused(
      { x: x!, labels: { dtype: "int64", shape: [BATCH], data } },
      /labels: label 3 at 5; expected 0 to 2/,
    );
    expect(session.updates).toBe(0);
  });

  test("in the setup, before anything is run", async () => {
    const { model } = training();
    const unused = { ...model.parameters, unused: vector(1) };
    await expect(
      start(training({ model: { ...model, parameters: unused } })),
    ).rejects.toMatchObject({
      code: "unreached",
      subject: "unused",
    });
    await expectRefused(
      {
        model: {
          ...model,
          parameters: { ...model.parameters, "last.weight": matrix(CLASSES, 4, 1) },
        },
      },
      /Gemm.*\[8, 5\].*\[3, 4\].*last.weight \[3, 4\], last.bias \[3\]/s,
    );
    await expectRefused(
      {
        model: { ...model, inputs: { x: { dtype: "float32", shape: [0, WIDTH] } } },
      },
      /x: expected sizes above 0, got \[0, 6\]: an empty batch/,
    );
    await expectRefused({ model: { ...model, parameters: {} } }, /no parameters/);
    await expectRefused(
      { model: { ...model, buffers: { ...model.buffers, x: vector(1) } } },
      /two inputs, parameters, buffers or constants are called x/,
    );
    await expectRefused(
      { watch: ["logit"] },
      /there is no output or gradient logit; there are: logits/,
    );
    await expectRefused(
      {
        model: { ...model, parameters: { ...model.parameters, "last.bias": vector(0, 0, 0, 0) } },
      },
      /Gemm needs shapes that broadcast, got \[8, 3\] and \[4\]; .*last.bias \[4\]/,
    );
    await expectRefused(
      {
        model: { ...model, parameters: { ...model.parameters, "last.bias": vector(0, NaN, 0) } },
      },
      /last.bias: expected finite first values, got NaN at 1/,
    );
    await expectRefused({ maxGradNorm: 0 }, /maxGradNorm/);
    const { loss } = training();
    await expectRefused(
      { loss: { ...loss, inputs: { labels: { dtype: "int64", shape: [BATCH] } } } },
      /labels: expected labels: \{ classes \} or labels: "unchecked" for int64 of a loss/,
    );
    await expectRefused({ seed: -1 }, /seed: expected a whole number from 0, got -1/);
    await expectRefused({ schedule: () => NaN }, /schedule\(0\): expected a finite number/);
    await expectRefused(
      { group: () => ({ weightDecay: NaN }) },
      /group of first.weight: weightDecay: expected a finite number from 0, got NaN/,
    );
    await expectRefused({ lossScale: { initial: 0 } }, /lossScale.initial: expected .* got 0/);
    await expectRefused({ lossScale: { growth: 0.5 } }, /lossScale.growth: .* got 0.5/);
    await expectRefused({ lossScale: { backoff: 1 } }, /lossScale.backoff: .* got 1/);
    await expectRefused({ lossScale: { interval: 0 } }, /lossScale.interval: .* got 0/);
    await expectRefused({ averageDecay: 1 }, /averageDecay/);
    await expectRefused({ accumulate: 0.5 }, /accumulate/);
  });

  test("in a checkpoint: another model, another optimizer, another file", async () => {
    await using session = await start();
    await using larger = await start(training({}, 7));
    await using descent = await start(training({ optimizer: sgd(), averageDecay: 0.9 }));
    const own = await session.saveCheckpoint();
    const load = async (bytes: Promise<Uint8Array<ArrayBuffer>>) =>
      session.loadCheckpoint(await bytes);
    await expect(load(larger.saveCheckpoint())).rejects.toThrow(
      /another model: first.weight is float32 \[5, 6\] here, float32 \[7, 6\] there/,
    );
    await expect(load(descent.saveCheckpoint())).rejects.toThrow(/trained with .*sgd.*adamw/);
    await expect(session.loadCheckpoint(new Uint8Array(20))).rejects.toMatchObject({
      code: "damaged",
    });
    expect(await session.saveCheckpoint()).toEqual(own);
  });

  test("an average that is not kept", async () => {
    await using session = await start(squareTraining());
    await expect(session.weights({ averaged: true })).rejects.toThrow(/averageDecay is not set/);
  });
});

import type {
  GraphRuntime,
  HeldTensor,
  HolderLoadOptions,
  HolderRunResult,
  Tensor,
  TensorHolder,
} from "@internvit/model-core";
import { gather } from "@internvit/model-core/onnx";
import { createNodeRuntime } from "@internvit/runtime-node";
import { describe, expect, test } from "vitest";

import {
  createTrainingSession,
  crossEntropy,
  gemm,
  headGrid,
  sgd,
  type TrainingModel,
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

/** What a runtime was asked to bring, keep and release. */
interface Account {
  /** Numbers of elements that were fed to the last run. */
  fed: number;
  readonly alive: Set<HeldTensor>;
  /** The most that were alive together. */
  most: number;
}

/** Node's runtime, with an account of what crosses to it. */
function accountedRuntime(account: Account): GraphRuntime {
  const runtime = createNodeRuntime();
  const enter = <T extends Readonly<Record<string, HeldTensor>>>(held: T): T => {
    for (const tensor of Object.values(held)) account.alive.add(tensor);
    account.most = Math.max(account.most, account.alive.size);
    return held;
  };
  return {
    ...runtime,
    async createHolder(options) {
      const holder = await runtime.createHolder(options);
      return {
        ...holder,
        async load(model, loadOptions?: HolderLoadOptions) {
          const session = await holder.load(model, loadOptions);
          return {
            ...session,
            async run(feeds, runOptions): Promise<HolderRunResult> {
              account.fed = Object.values(feeds).reduce(
                (sum, feed) => sum + ("data" in feed ? feed.data.length : 0),
                0,
              );
              const result = await session.run(feeds, runOptions);
              enter(result.kept);
              return result;
            },
          };
        },
        hold: async (tensors, holdOptions) => enter(await holder.hold(tensors, holdOptions)),
        release(tensors) {
          const list = [...tensors];
          for (const tensor of list) account.alive.delete(tensor);
          holder.release(list);
        },
      } satisfies TensorHolder;
    },
  };
}

const newAccount = (): Account => ({ fed: 0, alive: new Set(), most: 0 });

describe("the state of a training", () => {
  test.each([
    ["as it is", {}, 1],
    ["with gradients of several batches", { accumulate: 3 }, 3],
  ])("stays where the graphs run, and only once: %s", async (_, options, batches) => {
    const account = newAccount();
    await using session = await createTrainingSession(accountedRuntime(account), training(options));
    const batch = batches === 1 ? batchAt(0) : Array.from({ length: batches }, () => batchAt(0));
    const held = account.alive.size;
    for (let step = 0; step < 4; step++) {
      await session.step(batch);
      // A batch and a few numbers; the optimizer's rate and its two corrections.
      expect(account.fed).toBeLessThanOrEqual(BATCH * (WIDTH + 1) + 4);
      expect(account.alive.size).toBe(held);
    }
    const other = batchAt(1);
    await expect(
      session.step(batches === 1 ? notFinite(other) : [other, other, notFinite(other)]),
    ).rejects.toMatchObject({ code: "not-finite", subject: "x" });
    expect(account.alive.size).toBe(held);
    const controller = new AbortController();
    const running = session.step(batch, { signal: controller.signal });
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    controller.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    expect(account.alive.size).toBe(held);
    await session.loadCheckpoint(await session.saveCheckpoint());
    await session.evaluate(batchOf(Array(ROWS).keys()), { averaged: true });
    expect(account.alive.size).toBe(held);
  });

  test("takes no more memory for more batches of a step", async () => {
    const most = await Promise.all(
      [2, 5].map(async (accumulate) => {
        const account = newAccount();
        await using session = await createTrainingSession(
          accountedRuntime(account),
          training({ accumulate }),
        );
        const batches = Array.from({ length: accumulate }, (_, at) => batchAt(at));
        await session.step(batches, { move: true });
        return account.most;
      }),
    );
    expect(most[1]).toBe(most[0]);
  });

  test("is let go with what a step under loss scaling leaves out", async () => {
    const account = newAccount();
    const scaling = squareTraining({ lossScale: { initial: 2 ** 127 } });
    await using session = await createTrainingSession(accountedRuntime(account), scaling);
    const held = account.alive.size;
    expect(await session.step({ target: vector(1, -2, 3.5) })).toMatchObject({ skipped: true });
    expect(account.alive.size).toBe(held);
  });
});

function notFinite(batch: ReturnType<typeof batchAt>): ReturnType<typeof batchAt> {
  const { x } = batch;
  const data = (x!.data as Float32Array).slice();
  data[3] = Number.NaN;
  return { ...batch, x: { ...x!, data } as Tensor };
}

describe("a batch that is moved", () => {
  test("is empty afterwards, and trains as one that is copied", async () => {
    await using copied = await createTrainingSession(createNodeRuntime(), training());
    await using moved = await createTrainingSession(createNodeRuntime(), training());
    for (let step = 0; step < 3; step++) {
      await copied.step(batchAt(step));
      const batch = batchAt(step);
      await moved.step(batch, { move: true });
      expect(batch["x"]!.data.length).toBe(0);
    }
    await moved.train([batchAt(3)], { move: true });
    await copied.train([batchAt(3)]);
    expect(await moved.state()).toEqual(await copied.state());
  });

  test("is still named when it is not finite", async () => {
    await using session = await createTrainingSession(createNodeRuntime(), training());
    const before = await session.state();
    await expect(session.step(notFinite(batchAt(0)), { move: true })).rejects.toMatchObject({
      code: "not-finite",
      subject: "x",
    });
    expect(await session.state()).toEqual(before);
  });
});

function rowsAt(rows: readonly number[]): Tensor {
  return { dtype: "int64", shape: [rows.length], data: BigInt64Array.from(rows, BigInt) };
}

describe("constants of a model", () => {
  const all = batchOf(Array(ROWS).keys());
  const parameters = { weight: matrix(CLASSES, WIDTH, 1), bias: vector(0, 0, 0) };
  const labels = { dtype: "int64", shape: [BATCH], labels: { classes: CLASSES } } as const;
  const common = {
    loss: {
      inputs: { labels },
      build: (graph, { input, output }) =>
        crossEntropy(graph, output("logits"), { labels: input("labels") }),
    },
    optimizer: sgd({ momentum: 0.9 }),
    schedule: () => 0.1,
  } satisfies Omit<TrainingOptions, "model">;
  const fed: TrainingModel = {
    inputs: { x: { dtype: "float32", shape: [BATCH, WIDTH] } },
    parameters,
    build: (graph, { input, parameter }) => ({
      outputs: {
        logits: gemm(graph, input("x"), parameter("weight"), {
          transposeRight: true,
          bias: parameter("bias"),
        }),
      },
    }),
  };
  const picked = (features: Tensor): TrainingModel => ({
    ...fed,
    inputs: { rows: { dtype: "int64", shape: [BATCH], labels: { classes: ROWS } } },
    constants: { features },
    build: (graph, call) =>
      fed.build(graph, {
        ...call,
        input: () =>
          gather(graph, call.constant("features"), { axis: 0, indices: call.input("rows") }),
      }),
  });

  test("may be a data set that batches are picked from", async () => {
    const account = newAccount();
    await using session = await createTrainingSession(accountedRuntime(account), {
      ...common,
      model: picked(all["x"]!),
    });
    await using other = await createTrainingSession(createNodeRuntime(), { ...common, model: fed });
    for (let step = 0; step < 5; step++) {
      const rows = Array.from({ length: BATCH }, (_, at) => (7 * at + 11 * step) % ROWS);
      const batch = batchOf(rows);
      await session.step({ rows: rowsAt(rows), labels: batch["labels"]! });
      expect(account.fed).toBe(2 * BATCH + 1);
      await other.step(batch);
    }
    expect(await session.state()).toEqual(await other.state());
    const everything = { rows: rowsAt([...Array(ROWS).keys()]), labels: all["labels"]! };
    expect((await session.evaluate(everything)).loss).toBe((await other.evaluate(all)).loss);
    const outside = { rows: rowsAt(Array(BATCH).fill(ROWS)), labels: batchAt(0)["labels"]! };
    await expect(session.step(outside)).rejects.toThrow(/rows: label 48 at 0; expected 0 to 47/);
  });

  test("are there for every head of a grid, and in no checkpoint", async () => {
    const grid = headGrid({
      ...common,
      model: picked(all["x"]!),
      heads: { low: { learningRateScale: 0.1 }, high: {} },
    });
    await using session = await createTrainingSession(createNodeRuntime(), { ...common, ...grid });
    const rows = [...Array(BATCH).keys()];
    const { losses } = await session.step({
      rows: rowsAt(rows),
      labels: batchOf(rows)["labels"]!,
    });
    expect(losses["low"]).toBe(losses["high"]);
    expect(Object.keys(await session.state())).not.toContain("features");
  });

  test("may be moved", async () => {
    const features = { ...all["x"]!, data: all["x"]!.data.slice() } as Tensor;
    const options = { ...common, model: picked(features) };
    await using copied = await createTrainingSession(createNodeRuntime(), options);
    expect(features.data.length).toBe(ROWS * WIDTH);
    await using moved = await createTrainingSession(createNodeRuntime(), {
      ...options,
      moveConstants: true,
    });
    expect(features.data.length).toBe(0);
    const rows = [...Array(BATCH).keys()];
    const batch = { rows: rowsAt(rows), labels: batchOf(rows)["labels"]! };
    expect(await moved.step(batch)).toEqual(await copied.step(batch));
  });

  test("are refused when they do not fit their shape or have another's name", async () => {
    const start = (constants: Readonly<Record<string, Tensor>>) =>
      createTrainingSession(createNodeRuntime(), { ...common, model: { ...fed, constants } });
    const short: Tensor = { dtype: "float32", shape: [3], data: new Float32Array(2) };
    await expect(start({ short })).rejects.toThrow(/short: \[3\] takes 3 elements, got 2/);
    await expect(start({ weight: vector(1) })).rejects.toThrow(/are called weight/);
    const unknown: TrainingModel = {
      ...fed,
      build: (_, { constant }) => ({ outputs: { logits: constant("table") } }),
    };
    await expect(
      createTrainingSession(createNodeRuntime(), { ...common, model: unknown }),
    ).rejects.toThrow(/there is no constant table; there are: none/);
  });
});

// A training whose state is on the GPU. The runtime is imported by its own name: sessions live in a worker, which runs
// the built files.

import type { GraphRuntime, Tensor } from "@internvit/model-core";
import { gather } from "@internvit/model-core/onnx";
import { createWebRuntime } from "@internvit/runtime-web";
import { describe, expect, test } from "vitest";

import { createTrainingSession, type Tensors, type TrainingOptions } from "../../src/index.ts";
import { BATCH, batchAt, batchOf, ROWS, training } from "./small-training.ts";

const gpu = (): GraphRuntime => createWebRuntime({ executionProvider: "webgpu" });

function expectClose(found: Tensors, expected: Tensors): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, { data }] of Object.entries(expected)) {
    for (const [at, value] of data.entries()) {
      expect(Number(found[name]!.data[at]), name).toBeCloseTo(Number(value), 4);
    }
  }
}

describe("a training on WebGPU", () => {
  test.each([1, 2])(
    "comes to the state that WebAssembly comes to, batches per step: %i",
    async (accumulate) => {
      const options = training({ accumulate });
      await using onGpu = await createTrainingSession(gpu(), options);
      await using onCpu = await createTrainingSession(createWebRuntime(), options);
      for (let step = 0; step < 5; step++) {
        const batches = Array.from({ length: accumulate }, (_, at) => batchAt(step + at));
        await onGpu.step(batches, { move: true });
        await onCpu.step(Array.from({ length: accumulate }, (_, at) => batchAt(step + at)));
      }
      expectClose(await onGpu.state(), await onCpu.state());
      const all = batchOf(Array(ROWS).keys());
      const [one, other] = [await onGpu.evaluate(all), await onCpu.evaluate(all)];
      expect(one.loss).toBeCloseTo(other.loss!, 4);
    },
  );

  test("keeps its state through steps that fail, and through a checkpoint", async () => {
    await using session = await createTrainingSession(gpu(), training());
    await session.step(batchAt(0));
    const before = await session.state();
    const batch = batchAt(1);
    (batch["x"]!.data as Float32Array)[3] = Number.NaN;
    await expect(session.step(batch, { move: true })).rejects.toMatchObject({
      code: "not-finite",
      subject: "x",
    });
    const controller = new AbortController();
    const running = session.step(batchAt(1), { signal: controller.signal });
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    controller.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    expect(await session.state()).toEqual(before);
    await using resumed = await createTrainingSession(gpu(), training());
    await resumed.loadCheckpoint(await session.saveCheckpoint());
    expect(await resumed.state()).toEqual(before);
    await resumed.step(batchAt(1));
    await session.step(batchAt(1));
    expectClose(await resumed.state(), await session.state());
  });

  test("picks its batches from a data set that lies on the GPU", async () => {
    const { model } = training();
    const { x } = batchOf(Array(ROWS).keys());
    const picked: TrainingOptions = training({
      model: {
        ...model,
        inputs: { rows: { dtype: "int64", shape: [BATCH], labels: { classes: ROWS } } },
        constants: { features: x! },
        build: (graph, call) =>
          model.build(graph, {
            ...call,
            input: () =>
              gather(graph, call.constant("features"), { axis: 0, indices: call.input("rows") }),
          }),
      },
    });
    await using session = await createTrainingSession(gpu(), picked);
    await using fed = await createTrainingSession(gpu(), training());
    for (let step = 0; step < 3; step++) {
      const rows = Array.from({ length: BATCH }, (_, at) => (5 * at + 13 * step) % ROWS);
      const batch = batchOf(rows);
      const picks: Tensor = {
        dtype: "int64",
        shape: [BATCH],
        data: BigInt64Array.from(rows, BigInt),
      };
      await session.step({ rows: picks, labels: batch["labels"]! });
      await fed.step(batch);
    }
    expectClose(await session.state(), await fed.state());
    expect(session.updates).toBe(3);
  });
});

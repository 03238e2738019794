import { createNodeRuntime } from "@internvit/runtime-node";
import { expect, test } from "vitest";

import { createEvaluation, createTrainingSession } from "../../src/index.ts";
import { batchOf, training } from "./small-training.ts";

test("a model that is only evaluated gives what the training session gives, for batches of any size", async () => {
  const options = training();
  await using session = await createTrainingSession(createNodeRuntime(), options);
  for (let step = 0; step < 3; step++) await session.step(batchOf([0, 1, 2, 3, 4, 5, 6, 7]));
  const trained = await session.weights();
  const { parameters, buffers = {} } = options.model;
  const now = (names: object) =>
    Object.fromEntries(Object.keys(names).map((name) => [name, trained[name]!]));
  const model = { ...options.model, parameters: now(parameters), buffers: now(buffers) };
  await using evaluation = await createEvaluation(createNodeRuntime(), { model });
  // More sizes than graphs are kept.
  for (const rows of [1, 2, 3, 4, 5, 6, 1]) {
    const batch = { x: batchOf(Array(rows).keys())["x"]! };
    const { outputs } = await session.evaluate(batch);
    expect(await evaluation.evaluate(batch)).toEqual(outputs);
  }
});

test("an evaluation refuses labels, other shapes and weights that do not fit", async () => {
  const { model } = training();
  await using evaluation = await createEvaluation(createNodeRuntime(), { model });
  await expect(evaluation.evaluate(batchOf([0, 1]))).rejects.toThrow(/labels, which is no input/);
  const flat = { dtype: "float32", shape: [6], data: new Float32Array(6) } as const;
  await expect(evaluation.evaluate({ x: flat })).rejects.toThrow(/x: expected float32/);
  const [name = ""] = Object.keys(model.parameters);
  const short = { ...model.parameters[name]!, shape: [99] };
  const other = { ...model, parameters: { ...model.parameters, [name]: short } };
  await expect(createEvaluation(createNodeRuntime(), { model: other })).rejects.toThrow(
    /\[99\] takes 99 elements/,
  );
});

test("an evaluation that was aborted ends with the reason, and the next one runs", async () => {
  const { model } = training();
  await using evaluation = await createEvaluation(createNodeRuntime(), { model });
  const batch = { x: batchOf([0, 1])["x"]! };
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(evaluation.evaluate(batch, { signal })).rejects.toThrow("enough");
  expect((await evaluation.evaluate(batch))["logits"]!.shape[0]).toBe(2);
});

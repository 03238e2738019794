import { createGraphBuilder, type Tensor } from "@internvit/model-core";
import { matMul, transpose } from "@internvit/model-core/onnx";
import { createNodeRuntime } from "@internvit/runtime-node";
import { describe, expect, test } from "vitest";

import { adamW, neg, sgd, type Tensors, type TrainingOptions } from "../../src/index.ts";
import { loopSteps } from "../../src/session/loop-steps.ts";
import { LEARNING_RATE, nextName, REPORT, scalarName } from "../../src/session/names.ts";
import { firstState, trainingSetup, type TrainingSetup } from "../../src/session/setup.ts";
import { stackTensors, stepOf } from "../../src/session/stacked.ts";
import { buildStepGraph } from "../../src/session/step-graph.ts";
import { batchAt, training } from "./small-training.ts";

const STEPS = 7;
const floats = (shape: readonly number[], ...data: readonly number[]): Tensor => ({
  dtype: "float32",
  shape,
  data: Float32Array.from(data),
});
const number = (value: number): Tensor => floats([], value);

/** What a step is fed beside the state. */
function feedsOf({ optimizer, schedule }: TrainingSetup, step: number): Tensors {
  const scalars = Object.entries(optimizer.scalars(step)).map(([name, value]) => [
    scalarName(name),
    number(value),
  ]);
  return {
    ...batchAt(step),
    [LEARNING_RATE]: number(schedule(step)),
    ...Object.fromEntries(scalars),
  };
}

/** The same, with no learning rate in step 3. */
function poisoned(setup: TrainingSetup, step: number): Tensors {
  const feeds = feedsOf(setup, step);
  return step === 3 ? { ...feeds, [LEARNING_RATE]: number(Number.NaN) } : feeds;
}

/** All steps in single runs and in one: the state behind them and every step's report and logits. */
async function bothWays(options: Partial<TrainingOptions>, feeds = feedsOf) {
  const described = training({ watch: ["logits"], ...options });
  const setup = trainingSetup(described);
  const { model } = buildStepGraph(setup, "update");
  const runtime = createNodeRuntime();
  const first = firstState(described.model, setup);
  const fed = Array.from({ length: STEPS }, (_, step) => feeds(setup, step));

  await using session = await runtime.load(model);
  let state = first;
  const rows: Tensors[] = [];
  for (const batch of fed) {
    const results = await session.run({ ...state, ...batch });
    state = Object.fromEntries(
      Object.keys(state).map((name) => [name, results[nextName(name)]!] as const),
    );
    rows.push(Object.fromEntries([REPORT, "watch/logits"].map((name) => [name, results[name]!])));
  }

  await using looped = await runtime.load(loopSteps(model, { steps: STEPS }));
  const stacked = Object.fromEntries(
    Object.keys(fed[0]!).map((name) => [name, stackTensors(fed.map((each) => each[name]!))]),
  );
  const results = await looped.run({ ...first, ...stacked });
  return {
    single: { state, rows },
    loop: {
      state: Object.fromEntries(
        Object.keys(first).map((name) => [name, results[nextName(name)]!] as const),
      ),
      rows: fed.map((_, step) =>
        Object.fromEntries(
          [REPORT, "watch/logits"].map((name) => [name, stepOf(results[name]!, step)]),
        ),
      ),
    },
  };
}

describe("loopSteps", () => {
  test.each([
    ["Nesterov, clipped", { optimizer: sgd({ momentum: 0.9, nesterov: true }), maxGradNorm: 0.05 }],
    ["AdamW", { optimizer: adamW() }],
  ])(
    "%s: gives the bits of single runs, with running statistics and averages",
    async (_, options) => {
      const { single, loop } = await bothWays(options);
      expect(loop).toEqual(single);
      const [first, last] = [single.rows[0]!, single.rows.at(-1)!].map(
        (row) => row[REPORT]!.data[0],
      );
      expect(last).not.toBe(first);
    },
  );

  test("tells the step whose report is not finite, and leaves the steps before it right", async () => {
    const { single, loop } = await bothWays({}, poisoned);
    const finite = loop.rows.map((row) =>
      (row[REPORT]!.data as Float32Array).every((value) => Number.isFinite(value)),
    );
    expect(finite).toEqual([true, true, true, false, false, false, false]);
    expect(loop.rows.slice(0, 3)).toEqual(single.rows.slice(0, 3));
  });

  test("leaves outside what no step changes, and lets steps share an input", async () => {
    const graph = createGraphBuilder();
    const frozen = graph.input("frozen", "float32", [2, 2]);
    const x = graph.input("x", "float32", [1, 2]);
    const turned = transpose(graph, frozen, [1, 0]);
    graph.output("next/x", matMul(graph, x, turned));
    graph.output("same", neg(graph, turned));
    const model = loopSteps(graph.finish("power"), { steps: 3, shared: ["frozen"] });
    const { nodes, inputs } = model.graph;
    expect(nodes.map(({ opType }) => opType)).toEqual(["Transpose", "Neg", "Loop"]);
    expect(inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ["frozen", [2, 2]],
      ["x", [1, 2]],
    ]);
    await using session = await createNodeRuntime().load(model);
    const results = await session.run({
      frozen: floats([2, 2], 1, 1, 1, 0),
      x: floats([1, 2], 1, 0),
    });
    expect(results["next/x"]).toEqual(floats([1, 2], 3, 2));
    expect(results["same"]).toEqual(stackTensors(Array(3).fill(floats([2, 2], -1, -1, -1, -0))));
  });

  test("refuses what is no loop of steps", () => {
    const graph = createGraphBuilder();
    const x = graph.input("x", "float32", [2, 3]);
    graph.output("next/x", transpose(graph, x, [1, 0]));
    const model = graph.finish("turn");
    const code = "invalid-argument";
    expect(() => loopSteps(model, { steps: 2 })).toThrow(
      /x: a step takes float32 \[2, 3\] and gives float32 \[3, 2\]/,
    );
    const { model: step } = buildStepGraph(trainingSetup(training()), "update");
    expect(() => loopSteps(step, { steps: 0 })).toThrow(expect.objectContaining({ code }));
    for (const name of ["mean", "nothing"]) {
      expect(() => loopSteps(step, { steps: 2, shared: [name] })).toThrow(
        expect.objectContaining({ code, subject: name }),
      );
    }
    expect(() => stackTensors([number(1), { ...number(2), shape: [1] }])).toThrow(
      /step 1: expected float32 \[\] as in step 0, got float32 \[1\]/,
    );
  });
});

import { createGraphBuilder, type Graph } from "@internvit/model-core";
import { reshape } from "@internvit/model-core/onnx";
import { createNodeRuntime } from "@internvit/runtime-node";
import { expect, test } from "vitest";

import {
  type BaseCall,
  createTrainingSession,
  headGrid,
  maxPool,
  scale,
  sgd,
} from "../../src/index.ts";
import { closeTo, describeGridLayouts, HEADS, LAYOUTS } from "./grid-layouts.ts";
import { BATCH, batchAt, batchOf, training } from "./small-training.ts";

const OPTIMIZER = sgd({ momentum: 0.9, nesterov: true });

test.each(LAYOUTS)("each head of a grid is trained as if it were alone: %s", async (layout) => {
  const options = training({ optimizer: OPTIMIZER });
  const { model, loss } = options;
  const runtime = createNodeRuntime();
  await using grid = await createTrainingSession(runtime, {
    ...options,
    ...headGrid({ model, loss, heads: HEADS, layout }),
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

describeGridLayouts("CPU", () => createNodeRuntime());

test("a stacked grid reads a frozen base once, and refuses an operator that it cannot stack", async () => {
  const { model, loss, ...options } = training();
  const based: typeof model = {
    ...model,
    base,
    build: (graph, call) => model.build(graph, { ...call, input: () => graph.value("doubled") }),
  };
  const losses = await Promise.all(
    LAYOUTS.map(async (layout) => {
      await using session = await createTrainingSession(createNodeRuntime(), {
        ...options,
        ...headGrid({ model: based, loss, heads: HEADS, layout }),
      });
      await session.step(batchAt(0));
      return (await session.step(batchAt(1))).losses;
    }),
  );
  expect(losses[1]).toEqual(closeTo(losses[0]!));
  const pooled: typeof model = {
    ...model,
    build(graph, call) {
      const { outputs } = model.build(graph, call);
      const map = reshape(graph, outputs["logits"]!, [1, 1, BATCH, 3]);
      const largest = maxPool(graph, map, { kernel: [1, 1] });
      return { outputs: { logits: reshape(graph, largest, [BATCH, 3]) } };
    },
  };
  await expect(
    createTrainingSession(createNodeRuntime(), {
      ...options,
      ...headGrid({ model: pooled, loss, heads: HEADS, layout: "stacked" }),
    }),
  ).rejects.toThrow(
    /MaxPool \(.*\): this operator has no form for stacked heads; take .*"separate"/,
  );
});

test("refuses a grid without heads and names with a slash", () => {
  const { model, loss } = training();
  expect(() => headGrid({ model, loss, heads: {} })).toThrow(/heads: .* got none/);
  expect(() => headGrid({ model, loss, heads: { "a/b": {} } })).toThrow(/got "a\/b"/);
});

/** Twice the features, as a finished graph. */
function base({ inputs }: BaseCall): Graph {
  const graph = createGraphBuilder();
  graph.output("doubled", scale(graph, graph.input("x", "float32", inputs["x"]!.shape), 2));
  return graph.finish("base").graph;
}

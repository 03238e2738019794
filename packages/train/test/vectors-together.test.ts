import { createGraphBuilder, type Tensor } from "@internvit/model-core";
import { add, mul } from "@internvit/model-core/onnx";
import { interpret } from "@internvit/test-kit/portable";
import { expect, test } from "vitest";

import { adamW, reduceSum, type TrainingOptions } from "../src/index.ts";
import { totals } from "../src/losses/average.ts";
import { together } from "../src/vectors-together.ts";
import { trainingSetup } from "../src/session/setup.ts";
import { buildStepGraph } from "../src/session/step-graph.ts";

const WIDTH = 3;
const vector: Tensor = { dtype: "float32", shape: [WIDTH], data: new Float32Array(WIDTH) };

/** Σ of all parameters: `count` vectors, the first of them with a rate of its own. */
function training(count: number): TrainingOptions {
  const names = Array.from({ length: count }, (_, at) => `vector${at}`);
  return {
    model: {
      inputs: {},
      parameters: Object.fromEntries(names.map((name) => [name, vector])),
      build: (graph, { parameter }) => ({
        outputs: { sum: names.map(parameter).reduce((sum, value) => add(graph, sum, value)) },
      }),
    },
    loss: {
      inputs: {},
      build: (graph, { output }) => reduceSum(graph, output("sum"), { axes: [0] }),
    },
    optimizer: adamW(),
    schedule: () => 1e-3,
    group: (name) => (name === "vector0" ? { learningRateScale: 2 } : {}),
  };
}

test("vectors of one group are updated together, seven at a time", () => {
  const { nodes } = buildStepGraph(trainingSetup(training(10)), "update").model.graph;
  // The first alone, seven, two.
  expect(nodes.filter(({ opType }) => opType === "Sqrt").length - 1).toBe(3);
  const parts = nodes.filter(({ opType }) => opType === "Split").map((node) => node.outputs);
  expect(parts.map(({ length }) => length)).toEqual([7, 7, 7, 2, 2, 2]);
  expect(parts[0]).toContain("next/vector1");
});

test("vectors far apart in the list are not taken together", () => {
  const graph = createGraphBuilder();
  // A vector of its own length at the end of each block of parameters, as a hidden layer's bias.
  const sizes = Array.from({ length: 54 }, (_, at) => (at % 18 === 17 ? 12 : WIDTH));
  const values = sizes.map((size, at) => graph.input(`vector${at}`, "float32", [size]));
  const groups = together(values, ({ shape }) => String(shape[0]));
  for (const places of groups) expect(places.at(-1)! - places[0]!).toBeLessThan(12);
  expect(groups.filter(([first = 0]) => sizes[first] === 12)).toEqual([[17], [35], [53]]);
  expect(groups[0]).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test("sums of values together stand in the order of the values", () => {
  const graph = createGraphBuilder();
  const shapes = [[2], [2, 2], [3], [2], []];
  const values = shapes.map((shape, at) => graph.input(`value${at}`, "float32", shape));
  graph.output(
    "sums",
    totals(graph, values, (value) => mul(graph, value, value)),
  );
  const feeds = shapes.map((shape, at) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return [`value${at}`, { shape, data: new Float64Array(count).fill(at + 1) }] as const;
  });
  const { data } = interpret(graph.finish("sums").graph, new Map(feeds)).get("sums")!;
  expect(Array.from(data)).toEqual([2, 16, 27, 32, 25]);
});

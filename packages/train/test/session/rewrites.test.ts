import type { GraphNode } from "@internvit/model-core";
import { expect, test } from "vitest";

import { headGrid, type TrainingOptions } from "../../src/index.ts";
import { buildEvaluationGraph } from "../../src/session/evaluation.ts";
import { trainingSetup } from "../../src/session/setup.ts";
import { buildStepGraph } from "../../src/session/step-graph.ts";
import { poolingProbe } from "./pooling-probe.ts";

/** The forward pass over the tokens: their norms and the collapsed places, in the graphs of a step and of evaluation. */
function places(options: TrainingOptions) {
  const setup = trainingSetup(options);
  const graphs = [buildStepGraph(setup, "update").model, buildEvaluationGraph(setup, setup.inputs)];
  const count = (wanted: (node: GraphNode) => boolean) =>
    graphs.map(({ graph }) => graph.nodes.filter((node) => wanted(node)).length);
  return {
    norms: count(({ opType, inputs }) => opType === "LayerNormalization" && inputs[0] === "tokens"),
    collapsed: count(({ opType, name }) => opType === "Softmax" && name.includes("/collapsed/")),
  };
}

test("a session collapses the pooling of frozen tokens, in steps and in evaluation", () => {
  expect(places(poolingProbe())).toEqual({ norms: [1, 1], collapsed: [1, 1] });
  expect(places({ ...poolingProbe(), rewrites: [] })).toEqual({ norms: [2, 2], collapsed: [0, 0] });
});

test("a session collapses the pooling of tokens that are trained, too", () => {
  expect(places(poolingProbe({ trunk: true })).collapsed).toEqual([1, 1]);
});

test("heads of a grid share the normalised tokens", () => {
  const { model, loss, ...options } = poolingProbe();
  const grid = headGrid({ model, loss, heads: { first: {}, second: {}, third: {} } });
  expect(places({ ...options, ...grid })).toEqual({ norms: [1, 1], collapsed: [3, 3] });
});

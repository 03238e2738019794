import { createGraphBuilder } from "@internvit/model-core";
import { expect, test } from "vitest";

import { neg } from "../../src/index.ts";
import { directOutputs } from "../../src/session/direct-outputs.ts";

test("outputs are the values themselves, but for inputs and values with two names", () => {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", [2]);
  const minus = neg(graph, x);
  const plus = neg(graph, minus);
  graph.output("minus", minus);
  graph.output("again", minus);
  graph.output("same", x);
  graph.output("plus", plus);
  const { graph: direct } = directOutputs(graph.finish("test"));
  expect(direct.nodes.map(({ opType, inputs, outputs }) => [opType, inputs, outputs])).toEqual([
    ["Neg", ["x"], ["minus"]],
    ["Neg", ["minus"], ["plus"]],
    ["Identity", ["minus"], ["again"]],
    ["Identity", ["x"], ["same"]],
  ]);
  expect(direct.outputs.map(({ name }) => name)).toEqual(["minus", "again", "same", "plus"]);
});

import { createGraphBuilder, type Dtype } from "@internvit/model-core";
import { add, cast, mul } from "@internvit/model-core/onnx";
import { expect, test } from "vitest";

import { weightsAsInputs } from "../src/index.ts";

function model() {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", [2]);
  const weight = (name: string, dtype: Dtype, start: number) =>
    graph.external({
      name,
      dtype,
      shape: [2],
      file: `${dtype}.bin`,
      start,
      byteLength: dtype === "float32" ? 8 : 4,
    });
  const half = weight("half", "bfloat16", 4);
  const scaled = mul(graph, x, weight("full", "float32", 8));
  graph.output("y", add(graph, scaled, cast(graph, half, "float32")));
  return graph.finish("model");
}

test("weights become float32 inputs of their names, and casts of 16-bit ones go", () => {
  const { model: fed, weights } = weightsAsInputs(model());
  expect(fed.graph.inputs).toEqual([
    { name: "x", dtype: "float32", shape: [2] },
    { name: "half", dtype: "float32", shape: [2] },
    { name: "full", dtype: "float32", shape: [2] },
  ]);
  expect(fed.graph.nodes.map(({ opType }) => opType)).toEqual(["Mul", "Add", "Identity"]);
  expect(fed.graph.nodes[1]!.inputs).toEqual(["Mul:out", "half"]);
  expect(fed.graph.initializers).toEqual([]);
  expect(fed.files).toEqual([]);
  expect(weights.map(({ name, dtype, file, start }) => [name, dtype, file, start])).toEqual([
    ["half", "bfloat16", "bfloat16.bin", 4],
    ["full", "float32", "float32.bin", 8],
  ]);
});

test("the weights that are not named stay in their files", () => {
  const { model: fed } = weightsAsInputs(model(), ["full"]);
  expect(fed.graph.inputs.map(({ name }) => name)).toEqual(["x", "full"]);
  expect(fed.graph.initializers.map(({ name }) => name)).toEqual(["half"]);
  expect(fed.files).toEqual(["bfloat16.bin"]);
});

test("refuses a name that is no weight, and a 16-bit weight that is not cast to float32", () => {
  expect(() => weightsAsInputs(model(), ["x"])).toThrow(/no float weight x/);
  const graph = createGraphBuilder();
  const half = graph.external({
    name: "half",
    dtype: "float16",
    shape: [2],
    file: "f",
    start: 0,
    byteLength: 4,
  });
  graph.output("y", mul(graph, half, half));
  expect(() => weightsAsInputs(graph.finish("model"))).toThrow(/Mul \(Mul\) uses half as float16/);
});

import { describe, expect, test } from "vitest";

import { createGraphBuilder } from "../../src/onnx/builder.ts";
import { add, mul } from "../../src/onnx/ops/elementwise.ts";
import { layerNormalization } from "../../src/onnx/ops/reduction.ts";

const two = { dtype: "float32", shape: [], data: Float32Array.of(2) } as const;

function doubled() {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", [3]);
  graph.constant({ dtype: "float32", shape: [], data: Float32Array.of(9) });
  graph.output("y", mul(graph, mul(graph, x, graph.constant(two)), x));
  mul(graph, x, x);
  return graph.finish("doubled");
}

describe("createGraphBuilder", () => {
  test("finish keeps element type and shape of what is computed between inputs and outputs", () => {
    expect(doubled().graph.values).toEqual([
      { name: "Mul:out", dtype: "float32", shape: [3] },
      { name: "Mul_1:out", dtype: "float32", shape: [3] },
    ]);
  });

  test("goes on from a finished graph without touching it or using a name twice", () => {
    const { graph: before } = doubled();
    const copy = structuredClone(before);
    const graph = createGraphBuilder(before);
    const x = graph.value("x");
    expect(graph.constant(two).name).toBe("constant_1");
    const three = graph.constant({ ...two, data: Float32Array.of(3) });
    graph.output("z", add(graph, mul(graph, x, three), graph.value("y")));
    const after = graph.finish("more").graph;
    expect(before).toEqual(copy);
    expect(after.nodes.map(({ name }) => name)).toEqual([
      "Mul",
      "Mul_1",
      "y/Identity",
      "Mul_2",
      "Add",
      "z/Identity",
    ]);
    expect(after.outputs.map(({ name }) => name)).toEqual(["y", "z"]);
    expect(after.initializers.map(({ name }) => name)).toEqual(["constant_1", "constant_2"]);
  });

  test("tells a value, the node that computes it and the elements of a constant by name", () => {
    const graph = createGraphBuilder(doubled().graph);
    const y = graph.value("y");
    expect(y.shape).toEqual([3]);
    expect(graph.producer(y)?.opType).toBe("Identity");
    expect(graph.producer(graph.value("x"))).toBeUndefined();
    expect(graph.tensor(graph.value("constant_1"))).toEqual(two);
    expect(graph.tensor(y)).toBeUndefined();
    expect(() => graph.value("nothing")).toThrow(/no nothing/);
  });

  test("asks a node for optional outputs after it was added", () => {
    const graph = createGraphBuilder();
    const x = graph.input("x", "float32", [2, 4]);
    const weight = graph.input("w", "float32", [4]);
    const y = layerNormalization(graph, x, { weight, bias: weight, epsilon: 1e-6 });
    const [mean] = graph.addOutputs(graph.producer(y)!, [{ dtype: "float32", shape: [2, 1] }]);
    expect(graph.producer(mean!)?.outputs).toEqual([
      "LayerNormalization:out",
      "LayerNormalization:out1",
    ]);
  });

  test("keeps what a graph inside a node reads", () => {
    const graph = createGraphBuilder();
    const x = graph.input("x", "float32", [3]);
    const factor = graph.constant(two);
    const read = mul(graph, x, factor);
    const body = {
      name: "body",
      inputs: [],
      outputs: [read],
      initializers: [],
      nodes: [{ ...graph.producer(read)!, inputs: [read.name], outputs: ["y"] }],
      values: [],
    };
    const [y] = graph.addNode({
      opType: "If",
      inputs: [x],
      attributes: { then_branch: { kind: "graph", value: body } },
      outputs: [{ dtype: "float32", shape: [3] }],
    });
    graph.output("z", y!);
    const { nodes, initializers } = graph.finish("outer").graph;
    expect(nodes.map(({ opType }) => opType)).toEqual(["Mul", "If", "Identity"]);
    expect(initializers).toHaveLength(1);
  });
});

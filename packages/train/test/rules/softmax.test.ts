import { createGraphBuilder, createRandom, type Value } from "@internvit/model-core";
import { add, matMul, mul, softmax, transpose } from "@internvit/model-core/onnx";
import { interpret } from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

import { gradients, reduceSum, scale } from "../../src/index.ts";
import { product } from "../../src/product.ts";

interface Attention {
  readonly keys: number;
  readonly width: number;
  readonly fusedMatMul?: boolean;
  /** Reads the weights a second time, so that their gradient is a sum and no product. */
  readonly weightsRead?: boolean;
}

/** The gradient of the query in attention over drawn numbers, and the length of the rows that softmax's rule sums. */
function queryGradient({ keys, width, fusedMatMul = false, weightsRead = false }: Attention) {
  const graph = createGraphBuilder();
  const shapes = { query: [2, 3, width], key: [2, keys, width], value: [2, keys, width] };
  const [query, key, value] = Object.entries(shapes).map(([name, shape]) =>
    graph.input(name, "float32", shape),
  ) as [Value, Value, Value];
  const call = { graph, fusedMatMul };
  const weights = graph.scope("attention", () =>
    softmax(graph, product(call, [query, key], { transposeRight: true })),
  );
  const mixed = matMul(graph, weights, value);
  const sources = weightsRead
    ? [
        { value: mixed, upstream: scale(graph, mixed, 0.5) },
        { value: weights, upstream: scale(graph, weights, 0) },
      ]
    : [{ value: mixed, upstream: scale(graph, mixed, 0.5) }];
  const [gradient] = gradients(graph, sources, { withRespectTo: [query], fusedMatMul });
  graph.output("gradient", add(graph, gradient!, query));
  const { graph: finished } = graph.finish("attention");
  const random = createRandom(5);
  const feeds = Object.entries(shapes).map(([name, shape]) => {
    const count = shape.reduce((a, b) => a * b);
    return [name, { shape, data: Float64Array.from({ length: count }, () => random.uniform()) }];
  });
  const sum = finished.nodes.find(
    ({ name, opType }) => name.startsWith("gradient/attention") && opType === "ReduceSum",
  );
  const summed = finished.values.find(({ name }) => name === sum?.inputs[0]);
  return {
    rows: summed?.shape.at(-1),
    gradient: Array.from(interpret(finished, new Map(feeds as never)).get("gradient")!.data),
  };
}

describe("softmax in attention", () => {
  test.each([false, true])("sums over channels where keys are more (FusedMatMul %s)", (fused) => {
    const narrow = queryGradient({ keys: 7, width: 4, fusedMatMul: fused });
    const plain = queryGradient({ keys: 7, width: 4, fusedMatMul: fused, weightsRead: true });
    expect([narrow.rows, plain.rows]).toEqual([4, 7]);
    for (const [at, expected] of plain.gradient.entries()) {
      expect(narrow.gradient[at]).toBeCloseTo(expected, 12);
    }
  });

  test("sums over keys where they are no more than the channels", () => {
    expect(queryGradient({ keys: 4, width: 4 }).rows).toBe(4);
    expect(queryGradient({ keys: 3, width: 4 }).rows).toBe(3);
  });

  test("reads the mixed values in the layout in which they go on, and keeps no other", () => {
    const [swapped, plain] = [headsGradient(true), headsGradient(false)];
    expect(swapped.readers).toEqual(["Transpose"]);
    expect(plain.readers).toEqual(["Mul", "Mul"]);
    for (const [at, expected] of plain.gradient.entries()) {
      expect(swapped.gradient[at]).toBeCloseTo(expected, 12);
    }
  });
});

/** The gradient of the query of two heads, whose results are put side by side or not, and what reads the results. */
function headsGradient(sideBySide: boolean) {
  const graph = createGraphBuilder();
  const shape = [1, 2, 7, 4];
  const [query, key, value] = ["query", "key", "value"].map((name) =>
    graph.input(name, "float32", shape),
  ) as [Value, Value, Value];
  const scores = product({ graph, fusedMatMul: false }, [query, key], { transposeRight: true });
  const mixed = matMul(graph, softmax(graph, scores), value);
  const result = sideBySide ? transpose(graph, mixed, [0, 2, 1, 3]) : mixed;
  const squares = mul(graph, result, result);
  const loss = reduceSum(graph, squares, { axes: [0, 1, 2, 3] });
  const [gradient] = gradients(graph, loss, { withRespectTo: [query] });
  graph.output("gradient", add(graph, gradient!, query));
  const { graph: finished } = graph.finish("attention");
  const random = createRandom(5);
  const feeds = ["query", "key", "value"].map((name) => {
    const data = Float64Array.from({ length: 56 }, () => random.uniform());
    return [name, { shape, data }] as const;
  });
  return {
    readers: finished.nodes.flatMap(({ opType, inputs }) =>
      inputs.includes(mixed.name) ? [opType] : [],
    ),
    gradient: Array.from(interpret(finished, new Map(feeds)).get("gradient")!.data),
  };
}

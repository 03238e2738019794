// What the operator functions of this package promise beyond what the goldens and the rules' tests show.

import { createGraphBuilder, type GraphBuilder, type Value } from "@internvit/model-core";
import { interpret } from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

import {
  batchNormalization,
  conv,
  dropout,
  gemm,
  maxPool,
  oneHot,
  resizeBilinear,
  split,
  squeeze,
} from "../../src/index.ts";
import { int64s } from "../../src/ops/layout.ts";

function computed(build: (graph: GraphBuilder, x: Value) => Value, shape: readonly number[]) {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", shape);
  graph.output("y", build(graph, x));
  const length = shape.reduce((product, size) => product * size, 1);
  const data = Float64Array.from({ length }, (_, at) => Math.sin(at * 1.7));
  return interpret(graph.finish("test").graph, new Map([["x", { shape, data }]])).get("y")!;
}

const resizeNode = (
  graph: GraphBuilder,
  x: Value,
  options: { readonly size: readonly [number, number]; readonly alignCorners: boolean },
): Value => {
  const shape = [...x.shape.slice(0, 2).map(Number), ...options.size];
  const [y] = graph.addNode({
    opType: "Resize",
    inputs: [x, undefined, undefined, int64s(graph, shape)],
    attributes: {
      mode: { kind: "string", value: "linear" },
      coordinate_transformation_mode: {
        kind: "string",
        value: options.alignCorners ? "align_corners" : "half_pixel",
      },
    },
    outputs: [{ dtype: "float32", shape }],
  });
  return y!;
};

describe("resizeBilinear", () => {
  test.each([
    [[3, 5], [7, 4], true],
    [[1, 1], [4, 3], true],
    [[4, 6], [1, 1], true],
    [[5, 5], [5, 5], true],
    [[3, 5], [7, 4], false],
    [[8, 6], [3, 13], false],
  ] as const)(
    "from %j to %j, corners aligned: %s, is ONNX's Resize",
    (from, size, alignCorners) => {
      const [height, width] = size;
      const shape = [2, 3, ...from];
      const products = computed(
        (g, x) => resizeBilinear(g, x, { height, width, alignCorners }),
        shape,
      );
      const resized = computed((g, x) => resizeNode(g, x, { size, alignCorners }), shape);
      expect(products.shape).toEqual(resized.shape);
      // The matrices are float32.
      for (const [at, value] of resized.data.entries())
        expect(products.data[at]).toBeCloseTo(value, 6);
    },
  );

  test("leaves large planes to Resize, because a product costs a whole row for each pixel", () => {
    const graph = createGraphBuilder();
    const x = graph.input("x", "float32", [1, 2, 128, 128]);
    const y = resizeBilinear(graph, x, { height: 512, width: 512 });
    expect(graph.producer(y)?.opType).toBe("Resize");
  });
});

describe("operator functions", () => {
  const graph = createGraphBuilder();
  const value = (...shape: number[]): Value =>
    graph.input(`x${graph.nodes.length}-${shape.join("x")}`, "float32", shape);

  test("oneHot gives zeros for an integer that is no class", () => {
    const labels = createGraphBuilder();
    const y = oneHot(labels, labels.input("label", "uint8", [3]), {
      classes: 2,
      axis: 1,
      like: labels.input("like", "float32", []),
    });
    labels.output("y", y);
    const data = Float64Array.of(1, 255, 0);
    const values = interpret(labels.finish("t").graph, new Map([["label", { shape: [3], data }]]));
    expect(Array.from(values.get("y")!.data)).toEqual([0, 1, 0, 0, 1, 0]);
  });

  test("refuse shapes that do not fit, with the shapes in the message", () => {
    expect(() => gemm(graph, value(2, 3), value(2, 3))).toThrow(/\[2, 3\] and \[2, 3\]/);
    expect(() => conv(graph, value(1, 2, 4, 4), { weight: value(5, 3, 1, 1) })).toThrow(
      /\[1, 2, 4, 4\] and \[5, 3, 1, 1\]/,
    );
    expect(() => maxPool(graph, value(1, 1, 2, 2), { kernel: [3, 3] })).toThrow(/3 × 3/);
    expect(() => split(graph, value(5), { axis: 0, sizes: [2, 2] })).toThrow(/Split/);
    expect(() => squeeze(graph, value(2, 1), [0])).toThrow(/Squeeze/);
  });

  test("refuse a rate that drops everything, and a batch that has no variance", () => {
    expect(() => dropout(graph, value(2, 2), { kept: value(2), rate: 1 })).toThrow(
      /\[0, 1\), got 1/,
    );
    const vector = value(3);
    const state = { runningMean: vector, runningVariance: vector, epsilon: 1e-5, momentum: 0.1 };
    expect(() => batchNormalization(graph, value(1, 3), state)).toThrow(/more than one value/);
  });
});

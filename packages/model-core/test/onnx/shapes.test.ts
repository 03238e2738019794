import { describe, expect, test } from "vitest";

import { createGraphBuilder } from "../../src/onnx/builder.ts";
import type { Dimension } from "../../src/onnx/graph.ts";
import { multiHeadAttention, skipNormalization } from "../../src/onnx/ops/contributed.ts";
import { add, cast } from "../../src/onnx/ops/elementwise.ts";
import {
  concat,
  expandBatch,
  reshape,
  select,
  slice,
  transpose,
} from "../../src/onnx/ops/layout.ts";
import { fusedMatMul, matMul, patchConvolution } from "../../src/onnx/ops/linear-algebra.ts";
import { layerNormalization, reduceMean } from "../../src/onnx/ops/reduction.ts";
import { broadcastShapes } from "../../src/onnx/shape.ts";

const graph = createGraphBuilder();
let count = 0;
const value = (...shape: Dimension[]) => graph.input(`x${count++}`, "float32", shape);

describe("operators know the shape of their result", () => {
  test("elementwise operators broadcast, symbolic axes included", () => {
    expect(add(graph, value("n", 5, 4), value(4)).shape).toEqual(["n", 5, 4]);
    expect(broadcastShapes("Add", [3, 1, 2], [7, 1])).toEqual([3, 7, 2]);
    expect(broadcastShapes("Add", [1], ["n", 2])).toEqual(["n", 2]);
  });

  test("matrix products", () => {
    expect(matMul(graph, value("n", 5, 4), value(4, 7)).shape).toEqual(["n", 5, 7]);
    expect(
      fusedMatMul(graph, value("n", 5, 4), value(7, 4), { transposeRight: true }).shape,
    ).toEqual(["n", 5, 7]);
    expect(fusedMatMul(graph, value(4, 5), value(4, 7), { transposeLeft: true }).shape).toEqual([
      5, 7,
    ]);
  });

  test("layout", () => {
    expect(reshape(graph, value("n", 6, 4), ["n", 3, 8]).shape).toEqual(["n", 3, 8]);
    expect(transpose(graph, value("n", 6, 4), [2, 0, 1]).shape).toEqual([4, "n", 6]);
    expect(concat(graph, [value("n", 1, 4), value("n", 6, 4)], { axis: 1 }).shape).toEqual([
      "n",
      7,
      4,
    ]);
    expect(concat(graph, [value("a", 2), value("b", 2)], { axis: 0, symbol: "n" }).shape).toEqual([
      "n",
      2,
    ]);
    expect(expandBatch(graph, value(1, 1, 4), value("n", 9)).shape).toEqual(["n", 1, 4]);
    expect(slice(graph, value("n", 9), { axis: 1, start: 2, end: 5 }).shape).toEqual(["n", 3]);
    expect(select(graph, value("n", 9, 4), { axis: 1, index: 8 }).shape).toEqual(["n", 4]);
  });

  test("convolution of patches, means, norms and attention", () => {
    const weight = value(8, 3, 14, 14);
    expect(
      patchConvolution(graph, value("n", 3, 28, 42), { weight, bias: value(8) }).shape,
    ).toEqual(["n", 8, 2, 3]);
    expect(reduceMean(graph, value("n", 9, 4), { axis: -1, keepAxis: true }).shape).toEqual([
      "n",
      9,
      1,
    ]);
    const x = value("n", 9, 8);
    expect(
      layerNormalization(graph, x, { weight: value(8), bias: value(8), epsilon: 1e-6 }).shape,
    ).toEqual(x.shape);
    expect(multiHeadAttention(graph, { query: x, key: x, value: x }, { heads: 2 }).shape).toEqual(
      x.shape,
    );
  });
});

describe("a wrong shape is refused with both shapes in the message", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["Add", () => add(graph, value("n", 5), value("n", 4)), /\[n, 5\] and \[n, 4\]/],
    ["Add of two symbols", () => add(graph, value("n"), value("m")), /\[n\] and \[m\]/],
    ["MatMul", () => matMul(graph, value(2, 3), value(4, 5)), /\[2, 3\] and \[4, 5\]/],
    ["MatMul batch", () => matMul(graph, value(2, 1, 3), value(7, 3, 5)), /\[2\] and \[7\]/],
    ["Reshape", () => reshape(graph, value("n", 6), ["n", 7]), /\[n, 6\] and \[n, 7\]/],
    ["Reshape of a symbol", () => reshape(graph, value("n", 6), [6, "n"]), /\[n, 6\] and \[6, n\]/],
    ["Transpose", () => transpose(graph, value(2, 3), [0, 0]), /\[2, 3\]/],
    [
      "Concat",
      () => concat(graph, [value(2, 3), value(2, 4)], { axis: 0 }),
      /\[2, 3\] and \[2, 4\]/,
    ],
    ["Slice", () => slice(graph, value("n", 3), { axis: 1, start: 0, end: 4 }), /\[n, 3\]/],
    ["Gather", () => select(graph, value("n", 3), { axis: 1, index: 3 }), /\[n, 3\]/],
    [
      "Conv",
      () =>
        patchConvolution(graph, value("n", 1, 28, 28), {
          weight: value(8, 3, 14, 14),
          bias: value(8),
        }),
      /\[n, 1, 28, 28\] and \[8, 3, 14, 14\]/,
    ],
    [
      "Conv of a size that is no multiple of the patch",
      () =>
        patchConvolution(graph, value("n", 3, 28, 30), {
          weight: value(8, 3, 14, 14),
          bias: value(8),
        }),
      /multiple of 14, got \[n, 3, 28, 30\]/,
    ],
    [
      "LayerNormalization",
      () =>
        layerNormalization(graph, value(2, 8), { weight: value(8), bias: value(7), epsilon: 1 }),
      /\[2, 8\] and \[7\]/,
    ],
    [
      "MultiHeadAttention",
      () => {
        const x = value("n", 9, 8);
        return multiHeadAttention(
          graph,
          { query: x, key: x, value: value("n", 8, 8) },
          { heads: 2 },
        );
      },
      /\[n, 9, 8\] and \[n, 9, 8\] and \[n, 8, 8\]/,
    ],
    [
      "SkipLayerNormalization",
      () =>
        skipNormalization(
          graph,
          { input: value(2, 8), skip: value(2, 8), bias: value(4) },
          { weight: value(8), bias: value(8), epsilon: 1e-6 },
        ),
      /\[2, 8\] and \[2, 8\] and \[4\]/,
    ],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(message);
  });

  test("two element types are refused with both", () => {
    const half = cast(graph, value(2), "float16");
    expect(() => add(graph, value(2), half)).toThrow(/float32 .* float16/);
  });
});

// The rewrite's proof: the same numbers and the same gradients, in float64, on drawn shapes; everything that is not quite
// the pattern stays as it is.

import { createGraphBuilder, type GraphModel, type Value } from "@internvit/model-core";
import { createRandom } from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

import { composeLinearMaps, conv, convTranspose, relu } from "../../src/index.ts";
import { expectSame } from "./same-numbers.ts";

const DRAWN = 30;
const of = "result";

/** A transposed convolution and a convolution behind it. */
interface Maps {
  readonly samples: number;
  readonly channels: number;
  readonly between: number;
  readonly outputs: number;
  readonly sides: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly biases: readonly [boolean, boolean];
  /** Of the second. */
  readonly size?: number;
  readonly what?: "relu" | "read";
}

const MAPS: Maps = {
  samples: 2,
  channels: 8,
  between: 8,
  outputs: 2,
  sides: [6, 6],
  kernel: [2, 2],
  strides: [2, 2],
  pads: [0, 0, 0, 0],
  biases: [true, true],
};

function drawMaps(seed: number): Maps {
  const random = createRandom(seed);
  const between = (low: number, high: number): number => low + random.below(high - low + 1);
  const strides = [between(1, 2), between(1, 2)] as const;
  return {
    samples: between(1, 2),
    channels: between(6, 9),
    between: between(8, 10),
    outputs: between(1, 2),
    sides: [between(6, 8), between(6, 8)],
    kernel: [strides[0] + random.below(2), strides[1] + random.below(2)],
    strides,
    pads: [random.below(2), random.below(2), random.below(2), random.below(2)],
    biases: [random.below(2) === 0, random.below(2) === 0],
  };
}

function twoMaps(maps: Maps): { readonly model: GraphModel; readonly names: readonly string[] } {
  const { samples, channels, between, outputs, sides, kernel, size = 1 } = maps;
  const graph = createGraphBuilder();
  const names: string[] = [];
  const input = (name: string, shape: readonly number[]): Value => {
    names.push(name);
    return graph.input(name, "float32", shape);
  };
  const image = input("image", [samples, channels, ...sides]);
  const { strides, pads } = maps;
  const wide = convTranspose(graph, image, {
    weight: input("first", [channels, between, ...kernel]),
    bias: maps.biases[0] ? input("first bias", [between]) : undefined,
    strides,
    pads,
  });
  const result = conv(graph, maps.what === "relu" ? relu(graph, wide) : wide, {
    weight: input("second", [outputs, between, size, size]),
    bias: maps.biases[1] ? input("second bias", [outputs]) : undefined,
  });
  graph.output("result", result);
  if (maps.what === "read") graph.output("wide", wide);
  return { model: graph.finish("maps"), names };
}

describe("composing a transposed convolution and the 1×1 convolution behind it", () => {
  test.each(Array.from({ length: DRAWN }, (_, seed) => seed))(
    "gives the same numbers and gradients: drawn maps %i",
    (seed) => {
      const { model, names } = twoMaps(drawMaps(seed));
      const rewritten = composeLinearMaps(model, { withRespectTo: names });
      expect(rewritten).not.toBe(model);
      expect(rewritten.graph.nodes.map(({ opType }) => opType)).not.toContain("Conv");
      expectSame(model, { rewritten, of, names, seed });
    },
  );

  test("leaves the graph that it is given, and has nothing left to do", () => {
    const { model } = twoMaps(MAPS);
    const before = structuredClone(model);
    const once = composeLinearMaps(model);
    expect(once).not.toBe(model);
    expect(model).toEqual(before);
    expect(composeLinearMaps(once)).toBe(once);
  });

  test.each<[string, Partial<Maps>]>([
    ["maps in between that something else reads", { what: "read" }],
    ["what is not linear in between", { what: "relu" }],
    ["convolutions of more than one place", { size: 2 }],
    ["as many channels behind as before", { outputs: 8 }],
    ["few pixels", { samples: 1, sides: [1, 1] }],
  ])("leaves %s", (_, change) => {
    const { model } = twoMaps({ ...MAPS, ...change });
    expect(composeLinearMaps(model)).toBe(model);
  });

  test("leaves maps in between that gradients are asked for", () => {
    const { model } = twoMaps(MAPS);
    const { inputs } = model.graph.nodes.find(({ opType }) => opType === "Conv")!;
    expect(composeLinearMaps(model, { withRespectTo: [inputs[0]!] })).toBe(model);
  });
});

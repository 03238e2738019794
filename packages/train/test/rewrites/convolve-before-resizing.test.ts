// The rewrite's proof: the same numbers and the same gradients, in float64, on drawn shapes; the product over the large
// planes is gone; everything that is not quite the pattern stays as it is.

import { createGraphBuilder, type GraphModel, type Value } from "@internvit/model-core";
import { concat } from "@internvit/model-core/onnx";
import { createRandom } from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

import { conv, convolveBeforeResizing, relu, resizeBilinear } from "../../src/index.ts";
import { expectSame, products } from "./same-numbers.ts";

const DRAWN = 30;
const of = "result";

/** A convolution of maps that are put together. */
interface Joined {
  readonly samples: number;
  /** Of the first map, a multiple of 4: `conv` adds channels to some other numbers. */
  readonly channels: number;
  readonly outputs: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly bias: boolean;
  readonly alignCorners: boolean;
  /** Sizes of the maps before they are resized; of a map that is not, the size of all. */
  readonly sources: readonly (readonly [number, number])[];
  readonly stride?: number;
  readonly between?: "relu" | "read";
}

const JOINED: Joined = {
  samples: 2,
  channels: 12,
  outputs: 3,
  height: 6,
  width: 6,
  kernel: [3, 3],
  pads: [1, 1, 1, 1],
  bias: true,
  alignCorners: false,
  sources: [
    [6, 6],
    [2, 2],
    [1, 2],
  ],
};

function drawJoined(seed: number): Joined {
  const random = createRandom(seed);
  const between = (low: number, high: number): number => low + random.below(high - low + 1);
  const [height, width] = [between(8, 10), between(8, 10)];
  const kernel = [between(1, 3), between(1, 3)] as const;
  const small = (): readonly [number, number] => [between(1, 2), between(1, 3)];
  const plain = Array.from({ length: random.below(3) }, () => [height, width] as const);
  const sources = [...plain, small(), ...(random.below(2) === 0 ? [small()] : [])];
  return {
    samples: between(1, 2),
    channels: 4 * between(3, 4),
    outputs: between(1, 3),
    height,
    width,
    kernel,
    pads: [random.below(2), random.below(3), random.below(2), random.below(2)],
    bias: random.below(2) === 0,
    alignCorners: random.below(2) === 0,
    sources: random.below(2) === 0 ? sources : sources.toReversed(),
  };
}

function joinedMaps(joined: Joined): {
  readonly model: GraphModel;
  readonly names: readonly string[];
} {
  const { samples, channels, outputs, height, width, alignCorners, sources, stride = 1 } = joined;
  const graph = createGraphBuilder();
  const names: string[] = [];
  const input = (name: string, shape: readonly number[]): Value => {
    names.push(name);
    return graph.input(name, "float32", shape);
  };
  const maps = sources.map((sides, at) => {
    const source = input(`map${at}`, [samples, channels + 4 * at, ...sides]);
    if (sides[0] === height && sides[1] === width) return source;
    const resized = resizeBilinear(graph, source, { height, width, alignCorners });
    return joined.between === "relu" ? relu(graph, resized) : resized;
  });
  const inner = maps.reduce((sum, map) => sum + Number(map.shape[1]), 0);
  const weight = input("weight", [outputs, inner, ...joined.kernel]);
  const bias = joined.bias ? input("bias", [outputs]) : undefined;
  const image = maps.length === 1 ? maps[0]! : concat(graph, maps, { axis: 1 });
  const { pads } = joined;
  const strides = [stride, stride] as const;
  graph.output("result", conv(graph, image, { weight, bias, pads, strides }));
  if (joined.between === "read") graph.output("image", image);
  return { model: graph.finish("joined"), names };
}

describe("convolving maps before they are resized", () => {
  test.each(Array.from({ length: DRAWN }, (_, seed) => seed))(
    "gives the same numbers and gradients: drawn maps %i",
    (seed) => {
      const { model, names } = joinedMaps(drawJoined(seed));
      const rewritten = convolveBeforeResizing(model, { withRespectTo: names });
      expect(rewritten).not.toBe(model);
      expectSame(model, { rewritten, of, names, seed });
    },
  );

  test("makes large products of what was not resized only", () => {
    const { model } = joinedMaps(JOINED);
    const { samples, channels, outputs, height, width } = JOINED;
    const plain = samples * outputs * channels * 9 * height * width;
    expect(Math.max(...products(model.graph))).toBeGreaterThan(3 * plain);
    expect(Math.max(...products(convolveBeforeResizing(model).graph))).toBe(plain);
  });

  test("leaves the graph that it is given, and has nothing left to do", () => {
    const { model } = joinedMaps(JOINED);
    const before = structuredClone(model);
    const once = convolveBeforeResizing(model);
    expect(model).toEqual(before);
    expect(convolveBeforeResizing(once)).toBe(once);
  });

  test.each<[string, Partial<Joined>]>([
    ["maps that something else reads", { between: "read" }],
    ["what is not linear in between", { between: "relu" }],
    ["convolutions that leave places out", { stride: 2 }],
    ["maps that are hardly larger", { sources: [[5, 5]] }],
    ["few channels", { channels: 1, sources: [[2, 2]] }],
    ["maps that were not resized", { sources: [[6, 6]] }],
  ])("leaves %s", (_, change) => {
    const { model } = joinedMaps({ ...JOINED, ...change });
    expect(convolveBeforeResizing(model)).toBe(model);
  });

  test("leaves resized maps that gradients are asked for", () => {
    const { model } = joinedMaps({ ...JOINED, sources: [[2, 2]] });
    const { inputs } = model.graph.nodes.find(({ opType }) => opType === "Conv")!;
    expect(convolveBeforeResizing(model, { withRespectTo: [inputs[0]!] })).toBe(model);
  });
});

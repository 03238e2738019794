// The rewrite's proof: the same numbers and the same gradients, in float64, on drawn shapes; no product over all tokens
// is left; everything that is not quite the pattern stays as it is.

import type { GraphModel, GraphNode } from "@internvit/model-core";
import { createRandom, interpret } from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

import { collapseSingleQueryPooling } from "../../src/index.ts";
import { poolingHead, type PoolingHead } from "./pooling-head.ts";
import { drawFeeds, expectSame, products, withGradients } from "./same-numbers.ts";

const DRAWN = 60;
const of = "pooled";

const HEAD: PoolingHead = {
  samples: 2,
  tokens: 7,
  width: 6,
  heads: 3,
  headWidth: 4,
  norms: { key: 1e-5, value: 1e-5 },
  biases: true,
};

function drawHead(seed: number): PoolingHead {
  const random = createRandom(seed);
  const one = <T>(...values: readonly T[]): T => values[random.below(values.length)]!;
  const epsilon = one(1e-5, 1e-6);
  return {
    samples: 1 + random.below(3),
    tokens: 2 + random.below(8),
    width: 2 + random.below(6),
    heads: 1 + random.below(4),
    headWidth: 1 + random.below(4),
    norms: one(
      {},
      { key: epsilon },
      { value: epsilon },
      { both: epsilon },
      { key: epsilon, value: one(1e-5, 1e-6) },
    ),
    biases: one(true, false),
    gemm: one(true, false),
    fusedMatMul: one(true, false),
    query: one("mean", "mean", "learned"),
  };
}

function normsOf({ graph }: GraphModel): readonly GraphNode[] {
  return graph.nodes.filter(
    ({ opType, inputs }) => opType === "LayerNormalization" && inputs[0] === "tokens",
  );
}

describe("collapsing attention of one query per sample", () => {
  test.each(Array.from({ length: DRAWN }, (_, seed) => seed))(
    "gives the same numbers and gradients: drawn head %i",
    (seed) => {
      const { model, parameters } = poolingHead(drawHead(seed));
      const trained = [...parameters, "tokens"];
      const rewritten = collapseSingleQueryPooling(model, { withRespectTo: trained });
      expect(rewritten).not.toBe(model);
      expectSame(model, { rewritten, of, names: trained, seed });
    },
  );

  test("leaves no product of all tokens with a weight, forwards and backwards", () => {
    const { model, parameters } = poolingHead(HEAD);
    const { samples, tokens, width, heads, headWidth } = HEAD;
    const projection = samples * tokens * width * heads * headWidth;
    const collapsed = collapseSingleQueryPooling(model);
    expect(products(model.graph).filter((count) => count >= projection)).toHaveLength(2);
    for (const trained of [parameters, [...parameters, "tokens"]]) {
      const training = withGradients(collapsed, { of, names: trained }).graph;
      expect(Math.max(...products(training))).toBeLessThan(projection);
    }
  });

  test("normalises the tokens once", () => {
    const { model } = poolingHead(HEAD);
    expect(normsOf(model)).toHaveLength(2);
    expect(normsOf(collapseSingleQueryPooling(model))).toHaveLength(1);
    const two = poolingHead({ ...HEAD, norms: { key: 1e-5, value: 1e-6 } });
    expect(normsOf(collapseSingleQueryPooling(two.model))).toHaveLength(2);
  });

  test("gives exactly 0 as the gradients of what softmax takes out", () => {
    const { model, parameters } = poolingHead(HEAD);
    const { graph } = withGradients(collapseSingleQueryPooling(model), {
      of,
      names: parameters,
    });
    const values = interpret(graph, drawFeeds({ graph, files: [] }, 1));
    for (const name of ["key.bias", "key.norm.bias"]) {
      const { shape, data } = values.get(`grad/${name}`)!;
      expect(shape).toEqual(graph.inputs.find((input) => input.name === name)!.shape);
      expect(data.every((value) => value === 0)).toBe(true);
    }
  });

  test("leaves the graph that it is given, and has nothing left to do", () => {
    const { model } = poolingHead(HEAD);
    const before = structuredClone(model);
    const once = collapseSingleQueryPooling(model);
    expect(model).toEqual(before);
    expect(collapseSingleQueryPooling(once)).toBe(once);
  });

  test.each<[string, Partial<PoolingHead>]>([
    ["two queries per sample", { query: "two" }],
    ["keys and values of different tokens", { miss: "other tokens" }],
    ["keys that something else reads", { miss: "key read" }],
    ["attention weights that something else reads", { miss: "weights read" }],
    ["values that are no affine map of tokens", { miss: "value not affine" }],
  ])("leaves %s", (_, change) => {
    const { model } = poolingHead({ ...HEAD, ...change });
    expect(collapseSingleQueryPooling(model)).toBe(model);
  });

  test("leaves values in between that gradients are asked for", () => {
    const { model } = poolingHead(HEAD);
    const { inputs, outputs } = model.graph.nodes.find(({ opType }) => opType === "Softmax")!;
    const between = [...inputs, ...outputs, ...normsOf(model).flatMap((norm) => norm.outputs)];
    expect(between).toHaveLength(4);
    for (const name of between) {
      expect(collapseSingleQueryPooling(model, { withRespectTo: [name] }), name).toBe(model);
    }
  });

  test("leaves sizes that are known only at run time", () => {
    const { model } = poolingHead({ ...HEAD, norms: {} });
    const inputs = model.graph.inputs.map((input) =>
      input.name === "tokens" ? { ...input, shape: input.shape.with(0, "batch") } : input,
    );
    const symbolic = { ...model, graph: { ...model.graph, inputs } };
    expect(collapseSingleQueryPooling(symbolic)).toBe(symbolic);
  });

  test("finds the tokens behind another division into samples", () => {
    const { model, parameters } = poolingHead({ ...HEAD, divided: true });
    const rewritten = collapseSingleQueryPooling(model);
    expect(rewritten).not.toBe(model);
    expectSame(model, { rewritten, of, names: parameters, seed: 1 });
  });
});

// The rewrite's proof: the same numbers and the same gradients, in float64, on drawn shapes; the product that gave the
// gradient of the map's input is gone; everything that is not quite the pattern stays as it is.

import { createRandom } from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

import { foldFrozenNorms } from "../../src/index.ts";
import { normHead, type NormHead } from "./norm-head.ts";
import { expectSame, products, withGradients } from "./same-numbers.ts";

const DRAWN = 60;
const of = "result";

const HEAD: NormHead = {
  samples: 130,
  channels: 5,
  outputs: 3,
  transposed: true,
  bias: true,
  norm: "batch norm",
};
const MAPS: NormHead = { ...HEAD, samples: 2, sides: [8, 9] };

function drawHead(seed: number): NormHead {
  const random = createRandom(seed);
  const one = <T>(...values: readonly T[]): T => values[random.below(values.length)]!;
  const maps = one(true, false);
  return {
    samples: maps ? 2 + random.below(2) : 128 + random.below(20),
    channels: 1 + random.below(6),
    outputs: 1 + random.below(5),
    ...(maps && { sides: [8, 8 + random.below(3)] as const }),
    transposed: one(true, false),
    bias: one(true, false),
    norm: one("batch norm", "batch norm", "factors", "summands"),
  };
}

describe("folding norms of frozen values into the linear map behind them", () => {
  test.each(Array.from({ length: DRAWN }, (_, seed) => seed))(
    "gives the same numbers and gradients: drawn head %i",
    (seed) => {
      const { model, parameters: names } = normHead(drawHead(seed));
      const rewritten = foldFrozenNorms(model, { withRespectTo: names });
      expect(rewritten).not.toBe(model);
      expectSame(model, { rewritten, of, names, seed });
    },
  );

  test.each([
    ["Gemm", HEAD],
    ["a convolution", MAPS],
  ])("leaves two large products of the three that %s had", (_, head) => {
    const { model, parameters: names } = normHead(head);
    const large = head.samples * (head.sides ?? []).reduce((a, b) => a * b, 1) * 15;
    const count = (each: typeof model) =>
      products(withGradients(each, { of, names }).graph).filter((size) => size >= large).length;
    expect(count(model)).toBe(3);
    expect(count(foldFrozenNorms(model, { withRespectTo: names }))).toBe(2);
  });

  test("leaves the graph that it is given, and has nothing left to do", () => {
    const { model, parameters: withRespectTo } = normHead(HEAD);
    const before = structuredClone(model);
    const once = foldFrozenNorms(model, { withRespectTo });
    expect(model).toEqual(before);
    expect(foldFrozenNorms(once, { withRespectTo })).toBe(once);
  });

  test.each<[string, NormHead]>([
    ["few rows", { ...HEAD, samples: 127 }],
    ["a norm that something else reads", { ...HEAD, miss: "norm read" }],
    ["scaled values that something else reads", { ...HEAD, miss: "values read" }],
    ["what is not linear in between", { ...HEAD, miss: "not linear" }],
    ["factors of rows", { ...HEAD, norm: "summands", miss: "factor of a row" }],
    ["convolutions that leave places out", { ...MAPS, miss: "stride" }],
    ["products by MatMul", { ...HEAD, bias: false, miss: "MatMul" }],
  ])("leaves %s", (_, head) => {
    const { model, parameters: withRespectTo } = normHead(head);
    expect(foldFrozenNorms(model, { withRespectTo })).toBe(model);
  });

  test.each<[string, readonly string[]]>([
    ["values that are trained", ["values", "gain", "weight"]],
    ["a weight that is not trained", ["gain", "shift"]],
    ["a norm that is not trained", ["weight", "bias"]],
    ["evaluations", []],
  ])("leaves %s", (_, withRespectTo) => {
    const { model } = normHead(HEAD);
    expect(foldFrozenNorms(model, { withRespectTo })).toBe(model);
  });
});

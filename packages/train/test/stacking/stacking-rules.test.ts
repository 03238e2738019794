// What is written once for three heads is what each of them computes, in float64, for drawn calls of every operator of
// which some inputs differ from head to head.

import { createGraphBuilder } from "@internvit/model-core";
import { createRandom, type Float64Tensor, interpret } from "@internvit/test-kit/portable";
import { expect, test } from "vitest";

import { exp, gemm } from "../../src/index.ts";
import type { Stackable } from "../../src/stacking/stacking-call.ts";
import { STACKING_RULES } from "../../src/stacking/stacking-rules.ts";
import { writeStacked } from "../../src/stacking/write-stacked.ts";
import { drawCall } from "../rules/drawn-call.ts";
import { RULE_CASES } from "../rules/rule-cases.ts";

const [HEADS, CALLS] = [3, 60];

const OPERATORS = [...STACKING_RULES.keys()].filter((name) => Object.hasOwn(RULE_CASES, name));

/** The largest difference between the heads' results and the stack's. */
function gapOf(operator: string, seed: number): number {
  const one = createGraphBuilder();
  const call = drawCall(one, { seed, prefix: "" });
  one.output("result", RULE_CASES[operator]!(call));
  const { graph } = one.finish("one");
  const random = createRandom(seed + 1);
  const always = random.below(call.inputs.length);
  const stacked = call.inputs.filter((_, at) => at === always || random.below(2) === 0);

  const target = createGraphBuilder();
  const inputs = new Map<string, Stackable>();
  for (const { name, dtype, shape } of graph.inputs) {
    const own = stacked.some((input) => input.name === name);
    const value = target.input(name, dtype, own ? [HEADS, ...shape] : shape);
    inputs.set(name, { value, stacked: own });
  }
  const result = writeStacked(target, { graph, heads: HEADS, inputs }).get("result")!;
  expect(result.stacked).toBe(true);
  target.output("result", result.value);
  const together = target.finish("all").graph;

  const heads = Array.from({ length: HEADS }, (_, head) =>
    Object.entries(call.feeds).map(([name, { shape, data }]): [string, Float64Tensor] => {
      const values = Array.from(data as ArrayLike<number | bigint>, Number);
      // Other values of the same range: turned by one for each head.
      const turned = [
        ...values.slice(head % values.length),
        ...values.slice(0, head % values.length),
      ];
      const own = stacked.some((input) => input.name === name);
      return [name, { shape, data: Float64Array.from(own ? turned : values) }];
    }),
  );
  const feeds = new Map(
    heads[0]!.map(([name, { shape, data }], at): [string, Float64Tensor] => {
      if (!inputs.get(name)?.stacked) return [name, { shape, data }];
      const all = heads.flatMap((feed) => [...feed[at]![1].data]);
      return [name, { shape: [HEADS, ...shape], data: Float64Array.from(all) }];
    }),
  );
  const found = interpret(together, feeds).get("result")!;
  const expected = heads.map((feed) => interpret(graph, new Map(feed)).get("result")!);
  expect(found.shape).toEqual([HEADS, ...expected[0]!.shape]);
  expect(found.shape).toEqual(result.value.shape);
  const values = expected.flatMap(({ data }) => [...data]);
  return Math.max(...values.map((value, at) => Math.abs(value - found.data[at]!)));
}

test.each(OPERATORS)("%s", (operator) => {
  for (let seed = 0; seed < CALLS; seed++) {
    expect(gapOf(operator, seed), `call ${seed}`).toBeLessThan(1e-12);
  }
});

test("what all heads share is computed once, and one product serves all heads", () => {
  const one = createGraphBuilder();
  const x = one.input("x", "float32", [8, 5]);
  const weight = one.input("weight", "float32", [3, 5]);
  one.output("result", gemm(one, exp(one, x), weight, { transposeRight: true }));
  const target = createGraphBuilder();
  const rows = target.input("x", "float32", [8, 5]);
  const weights = target.input("weight", "float32", [HEADS, 3, 5]);
  const inputs = new Map([
    ["x", { value: rows, stacked: false }],
    ["weight", { value: weights, stacked: true }],
  ]);
  const results = writeStacked(target, { graph: one.finish("one").graph, heads: HEADS, inputs });
  expect(results.get("result")!.value.shape).toEqual([HEADS, 8, 3]);
  const operators = target.nodes.map(({ opType }) => opType);
  expect(operators.filter((name) => name === "Exp")).toHaveLength(1);
  const [product] = target.nodes.filter(({ opType }) => opType === "Gemm");
  expect(target.value(product!.outputs[0]!).shape).toEqual([8, 9]);
});

// Every rule against finite differences, both in float64, on 100 drawn calls per operator.

import { createGraphBuilder, type Value } from "@internvit/model-core";
import { createRandom, type Float64Tensor, interpret } from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

import { DIFFERENTIABLE_OPERATORS, gradients } from "../../src/index.ts";
import { drawCall } from "./drawn-call.ts";
import { RULE_CASES } from "./rule-cases.ts";

const CALLS = 100;
/** The step's error is its square times the third derivative, 1e-8; rounding adds 1e-16 / 1e-4. */
const STEP = 1e-4;
/**
 * Relative to the sum of |gradient · direction|. Constants in a gradient's graph are float32 (6e-8 each), the difference
 * quotient is good to 1e-7 or so; a wrong term is off by far more than 1e-5.
 */
const TOLERANCE = 1e-5;

/** The derivative of Σ upstream · result along a drawn direction, by the rules and by the difference quotient. */
function derivatives(operator: string, seed: number) {
  const graph = createGraphBuilder();
  const call = drawCall(graph, { seed, prefix: "" });
  const result = RULE_CASES[operator]!(call);
  const random = createRandom(seed + 1_000_000);
  const draw = ({ shape }: Value): Float64Tensor => {
    const length = shape.reduce<number>((product, size) => product * Number(size), 1);
    return {
      shape: shape.map(Number),
      data: Float64Array.from({ length }, () => random.next() - 0.5),
    };
  };
  const upstream = graph.input("upstream", "float32", result.shape);
  const computed = gradients(graph, [{ value: result, upstream }], {
    withRespectTo: call.inputs,
    fusedMatMul: seed % 2 === 1,
  });
  graph.output("result", result);
  for (const [index, value] of computed.entries()) graph.output(`gradient${index}`, value);
  const finished = graph.finish(operator).graph;

  const feeds = new Map<string, Float64Tensor>();
  for (const [name, { shape, data }] of Object.entries(call.feeds)) {
    feeds.set(name, { shape, data: Float64Array.from(data as ArrayLike<number | bigint>, Number) });
  }
  feeds.set("upstream", draw(upstream));
  const directions = call.inputs.map((input) => ({ name: input.name, ...draw(input) }));
  const total = (sign: number): number => {
    const moved = new Map(feeds);
    for (const { name, shape, data } of directions) {
      const from = feeds.get(name)!.data;
      moved.set(name, { shape, data: data.map((value, at) => from[at]! + sign * STEP * value) });
    }
    return dot(interpret(finished, moved).get("result")!, feeds.get("upstream")!);
  };
  const values = interpret(finished, feeds);
  let derivative = 0;
  let scale = 0;
  for (const [index, direction] of directions.entries()) {
    const gradient = values.get(`gradient${index}`)!;
    expect(gradient.shape).toEqual(direction.shape);
    derivative += dot(gradient, direction);
    scale += dot(absolute(gradient), absolute(direction));
  }
  return { derivative, quotient: (total(1) - total(-1)) / (2 * STEP), scale };
}

function dot(a: Float64Tensor, b: Float64Tensor): number {
  return a.data.reduce((sum, value, at) => sum + value * b.data[at]!, 0);
}

function absolute({ shape, data }: Float64Tensor): Float64Tensor {
  return { shape, data: data.map(Math.abs) };
}

describe("gradient rules equal finite differences in float64", () => {
  test("every operator with a rule is drawn", () => {
    expect(Object.keys(RULE_CASES).toSorted()).toEqual(DIFFERENTIABLE_OPERATORS.toSorted());
  });

  test.each(DIFFERENTIABLE_OPERATORS)("%s", (operator) => {
    for (let seed = 0; seed < CALLS; seed++) {
      const { derivative, quotient, scale } = derivatives(operator, seed);
      const gap = Math.abs(derivative - quotient);
      expect(gap, `call ${seed}: ${derivative} for ${quotient}`).toBeLessThanOrEqual(
        TOLERANCE * Math.max(scale, 1e-3),
      );
    }
  });
});

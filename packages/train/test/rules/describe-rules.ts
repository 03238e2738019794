// The drawn calls of every operator and their gradients on a runtime, against float64: what the interpreter computes is
// what the operators do, and the gradients' graphs run and keep their digits in float32.

import {
  createGraphBuilder,
  type GraphModel,
  type GraphRuntime,
  type Tensor,
  type Value,
} from "@internvit/model-core";
import { type Float64Tensor, interpret } from "@internvit/test-kit/portable";
import { beforeAll, describe, expect, test } from "vitest";

import { DIFFERENTIABLE_OPERATORS, gradients } from "../../src/index.ts";
import { drawCall } from "./drawn-call.ts";
import { RULE_CASES } from "./rule-cases.ts";

/** Relative to the largest element of a result; float32 rounds to 6e-8, the longest of these sums has 300 terms. */
const TOLERANCE = 2e-5;
/** Software WebGPU compiles a shader for each operator and kind of shape. */
const LOAD_TIMEOUT = 120_000;

/** All calls in one graph. Results are called `<operator>/<seed>` and, for gradients, that and `/<input>`. */
function drawAll(
  operators: readonly string[],
  options: { readonly calls: number; readonly fusedMatMul: boolean },
): { readonly model: GraphModel; readonly feeds: Readonly<Record<string, Tensor>> } {
  const graph = createGraphBuilder();
  const feeds: Record<string, Tensor> = {};
  for (const operator of operators) {
    for (let seed = 0; seed < options.calls; seed++) {
      const prefix = `${operator}/${seed}`;
      const call = drawCall(graph, { seed, prefix: `${prefix}.` });
      graph.scope(prefix, () => {
        const result = RULE_CASES[operator]!(call);
        const upstream = upstreamOf(call.frozen, result);
        const computed = gradients(graph, [{ value: result, upstream }], {
          withRespectTo: call.inputs,
          fusedMatMul: options.fusedMatMul,
        });
        graph.output(prefix, result);
        for (const [index, value] of computed.entries()) graph.output(`${prefix}/${index}`, value);
      });
      Object.assign(feeds, call.feeds);
    }
  }
  return { model: graph.finish("rules"), feeds };
}

function upstreamOf(feed: (tensor: Tensor) => Value, { shape }: Value): Value {
  const length = shape.reduce<number>((product, size) => product * Number(size), 1);
  const data = Float32Array.from({ length }, (_, at) => Math.sin(at + 1));
  return feed({ dtype: "float32", shape: shape.map(Number), data });
}

/** One test per operator. */
export function describeRules(
  label: string,
  createRuntime: () => GraphRuntime,
  options: {
    /** How many calls of each operator. */
    readonly calls: number;
    readonly fusedMatMul: boolean;
    /** Operators that the runtime does not have. */
    readonly without?: readonly string[];
  },
): void {
  const operators = DIFFERENTIABLE_OPERATORS.filter(
    (operator) => !options.without?.includes(operator),
  );
  describe(`operators and gradients as in float64: ${label}`, () => {
    const { model, feeds } = drawAll(operators, options);
    let computed: Readonly<Record<string, Tensor>>;
    let expected: ReadonlyMap<string, Float64Tensor>;
    beforeAll(async () => {
      await using session = await createRuntime().load(model);
      computed = await session.run(feeds);
      const numbers = Object.entries(feeds).map(
        ([name, { shape, data }]): [string, Float64Tensor] => [
          name,
          { shape, data: Float64Array.from(data as ArrayLike<number | bigint>, Number) },
        ],
      );
      expected = interpret(model.graph, new Map(numbers));
    }, LOAD_TIMEOUT);

    test.each(operators)("%s", (operator) => {
      const names = Object.keys(computed).filter((name) => name.startsWith(`${operator}/`));
      expect(names.length).toBeGreaterThanOrEqual(2 * options.calls);
      for (const name of names) {
        const { shape, data } = expected.get(name)!;
        expect(computed[name]!.shape, name).toEqual(shape);
        const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        for (const [at, value] of data.entries()) {
          const gap = Math.abs(Number(computed[name]!.data[at]) - value);
          expect(gap, `${name} at ${at}`).toBeLessThanOrEqual(TOLERANCE * largest);
        }
      }
    });
  });
}

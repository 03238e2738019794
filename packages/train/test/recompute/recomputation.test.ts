import { createGraphBuilder, type Value } from "@internvit/model-core";
import { add, mul } from "@internvit/model-core/onnx";
import { interpret } from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

import {
  batchNormalization,
  dropout,
  encoderBlocks,
  exp,
  gemm,
  gradients,
  type RecomputedSpan,
  relu,
  stopGradient,
  tanh,
} from "../../src/index.ts";

const [ROWS, WIDTH] = [4, 3];
const INPUTS = {
  x: [ROWS, WIDTH],
  kept: [ROWS],
  first: [WIDTH, WIDTH],
  second: [WIDTH, WIDTH],
  mean: [WIDTH],
  variance: [WIDTH],
  upstream: [ROWS, WIDTH],
} as const;

/** Two blocks with whatever makes copies difficult: a mask, running statistics, a stopped gradient, a skip over both. */
function build(
  spansOf: (values: {
    readonly x: Value;
    readonly middle: Value;
    readonly end: Value;
  }) => readonly RecomputedSpan[],
) {
  const graph = createGraphBuilder();
  const inputs = Object.fromEntries(
    Object.entries(INPUTS).map(([name, shape]) => [name, graph.input(name, "float32", shape)]),
  ) as Record<keyof typeof INPUTS, Value>;
  const { x, kept, first, second, upstream } = inputs;
  const middle = graph.scope("one", () => {
    const wide = tanh(graph, gemm(graph, x, first));
    return add(graph, x, dropout(graph, wide, { kept, rate: 0.5 }));
  });
  const norm = graph.scope("two", () =>
    batchNormalization(graph, gemm(graph, relu(graph, middle), second), {
      runningMean: inputs.mean,
      runningVariance: inputs.variance,
      epsilon: 1e-5,
      momentum: 0.1,
    }),
  );
  const end = graph.scope("two", () =>
    add(graph, mul(graph, norm.normalized, stopGradient(graph, exp(graph, middle))), x),
  );
  const spans = spansOf({ x, middle, end });
  const trained = [x, first, second];
  const results = gradients(graph, [{ value: end, upstream }], {
    withRespectTo: trained,
    recompute: spans,
  });
  graph.output("end", end);
  graph.output("runningVariance", norm.runningVariance);
  for (const [at, value] of results.entries()) graph.output(`gradient/${trained[at]!.name}`, value);
  return graph.finish("test").graph;
}

function run(graph: ReturnType<typeof build>, upstream?: readonly number[]) {
  const feeds = Object.entries(INPUTS).map(([name, shape]: [string, readonly number[]], input) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const drawn = Float64Array.from({ length: count }, (_, at) => Math.sin(7 * at + input));
    const data = {
      kept: Float64Array.of(1, 0, 1, 1),
      upstream: upstream === undefined ? drawn : Float64Array.from(upstream),
    }[name];
    return [name, { shape, data: data ?? drawn }] as const;
  });
  const values = interpret(graph, new Map(feeds));
  return Object.fromEntries(graph.outputs.map(({ name }) => [name, values.get(name)!.data]));
}

const both = ({
  x,
  middle,
  end,
}: {
  readonly x: Value;
  readonly middle: Value;
  readonly end: Value;
}) => [
  { from: x, to: middle },
  { from: middle, to: end },
];
const recomputed = (graph: ReturnType<typeof build>) =>
  graph.nodes.flatMap(({ name, opType }) => (name.includes("/recomputed/") ? [opType] : []));

/** Of tanh(e^x) at 0.3. */
function secondDerivative(spans: (x: Value, y: Value) => readonly RecomputedSpan[]): number {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", [1]);
  const y = tanh(graph, exp(graph, x));
  const [once] = gradients(graph, y, { withRespectTo: [x], recompute: spans(x, y) });
  const [twice] = gradients(graph, once!, { withRespectTo: [x] });
  graph.output("second", twice!);
  const feeds = new Map([["x", { shape: [1], data: Float64Array.of(0.3) }]]);
  return interpret(graph.finish("test").graph, feeds).get("second")!.data[0]!;
}

describe("recomputation", () => {
  test("gives the same numbers, and takes running statistics from the first computation", () => {
    const [plain, again] = [build(() => []), build(both)];
    expect(recomputed(plain)).toEqual([]);
    expect(run(again)).toEqual(run(plain));
    const statistics = again.nodes.filter(({ outputs }) => outputs.includes("runningVariance"));
    expect(statistics.flatMap(({ inputs }) => inputs).join()).not.toContain("recomputed");
  });

  test("leaves nothing of a span's activations for the backward pass but its start", () => {
    const graph = build(both);
    const forward = new Map(
      graph.nodes.flatMap(({ name, outputs }) =>
        name.startsWith("gradient") ? [] : outputs.map((output) => [output, name] as const),
      ),
    );
    const read = graph.nodes
      .filter(({ name }) => name.startsWith("gradient/"))
      .flatMap(({ inputs }) => inputs.flatMap((name) => forward.get(name) ?? []));
    // The start of the second span, and factors of the mask, which do not depend on the start of the first.
    expect([...new Set(read)]).toEqual(["one/Add", "one/Reshape"]);
  });

  test("computes only what a rule needs again", () => {
    // Of the first block the result of tanh; neither the mask's product nor the sum.
    const graph = build(({ x, middle }) => [{ from: x, to: middle }]);
    expect(recomputed(graph).filter((type) => !["Slice", "Reshape"].includes(type))).toEqual([
      "Greater",
      "Where",
      "Mul",
      "Gemm",
      "Tanh",
    ]);
  });

  test("is untouched by a gradient that is not finite", () => {
    const upstream = Array.from({ length: ROWS * WIDTH }, (_, at) => at);
    for (const first of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const [plain, again] = [build(() => []), build(both)].map((graph) =>
        run(graph, upstream.with(0, first)),
      );
      expect(again).toEqual(plain);
    }
  });

  test("can be differentiated again", () => {
    expect(secondDerivative((from, to) => [{ from, to }])).toBeCloseTo(
      secondDerivative(() => []),
      12,
    );
  });

  test("refuses a span whose end does not depend on its start, and a graph without blocks", () => {
    expect(() => build(({ x, end }) => [{ from: end, to: x }])).toThrow(
      expect.objectContaining({ code: "invalid-argument", subject: "x" }),
    );
    expect(() => encoderBlocks(createGraphBuilder())).toThrow(/got a graph with 0 blocks/);
  });
});

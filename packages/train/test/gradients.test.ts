import { createGraphBuilder, type GraphBuilder, type Value } from "@internvit/model-core";
import { add, layerNormalization, matMul, mul, sub, transpose } from "@internvit/model-core/onnx";
import { interpret } from "@internvit/test-kit/portable";
import { describe, expect, test } from "vitest";

import {
  differentiate,
  exp,
  gradientName,
  gradients,
  reduceSum,
  scale,
  stopGradient,
} from "../src/index.ts";

const vector = (graph: GraphBuilder, name: string) => graph.input(name, "float32", [3]);
const total = (graph: GraphBuilder, value: Value): Value =>
  reduceSum(graph, value, { axes: value.shape.map((_, axis) => axis), keepAxes: false });

/** What a graph's outputs are for vectors of three numbers. */
function run(
  graph: GraphBuilder,
  feeds: Readonly<Record<string, readonly number[]>>,
): Readonly<Record<string, readonly number[]>> {
  const { graph: finished } = graph.finish("test");
  const inputs = Object.entries(feeds).map(
    ([name, data]) => [name, { shape: [data.length], data: Float64Array.from(data) }] as const,
  );
  const values = interpret(finished, new Map(inputs));
  return Object.fromEntries(
    finished.outputs.map(({ name }) => [name, Array.from(values.get(name)!.data)]),
  );
}

describe("gradients", () => {
  test("adds up what comes back to a value that is used more than once", () => {
    const graph = createGraphBuilder();
    const x = vector(graph, "x");
    // x³ + 2x: the cube by two products, the first of them a square.
    const loss = total(graph, add(graph, mul(graph, mul(graph, x, x), x), scale(graph, x, 2)));
    const [gradient] = gradients(graph, loss, { withRespectTo: [x] });
    graph.output("gradient", gradient!);
    expect(run(graph, { x: [1, -2, 0] })).toEqual({ gradient: [5, 14, 2] });
  });

  test("costs nothing for what is frozen", () => {
    const graph = createGraphBuilder();
    const x = graph.input("x", "float32", [4, 8]);
    const frozen = graph.input("frozen", "float32", [8, 8]);
    const weight = graph.input("weight", "float32", [8, 2]);
    const features = graph.scope("trunk", () => exp(graph, matMul(graph, x, frozen)));
    const loss = total(
      graph,
      graph.scope("head", () => matMul(graph, features, weight)),
    );
    const before = graph.nodes.length;
    const [gradient] = gradients(graph, loss, { withRespectTo: [weight] });
    expect(gradient!.shape).toEqual([8, 2]);
    const added = graph.nodes.slice(before).map(({ name }) => name);
    expect(added.filter((name) => name.includes("trunk"))).toEqual([]);
    // Of the product only the side of the weight: one Gemm, and no MatMul.
    expect(added.filter((name) => /MatMul\/(MatMul|Gemm)/.test(name))).toEqual([
      "gradient/head/MatMul/Gemm",
    ]);
  });

  test("does not transpose a weight back that the forward pass has transposed", () => {
    const graph = createGraphBuilder();
    const x = graph.input("x", "float32", [2, 5, 4]);
    const weight = graph.input("weight", "float32", [3, 4]);
    const loss = total(graph, matMul(graph, exp(graph, x), transpose(graph, weight, [1, 0])));
    const results = gradients(graph, loss, { withRespectTo: [x, weight] });
    for (const [index, value] of results.entries()) graph.output(`gradient${index}`, value);
    graph.output("loss", loss);
    const { nodes } = graph.finish("linear").graph;
    expect(nodes.filter(({ opType }) => opType === "Transpose")).toHaveLength(1);
    expect(results.map(({ shape }) => shape)).toEqual([
      [2, 5, 4],
      [3, 4],
    ]);
  });

  test("takes upstream gradients of several values, and gives that of a value in between", () => {
    const graph = createGraphBuilder();
    const x = vector(graph, "x");
    const middle = scale(graph, x, 3);
    const sources = [
      { value: mul(graph, middle, middle), upstream: vector(graph, "first") },
      { value: middle, upstream: vector(graph, "second") },
    ];
    const [ofMiddle, ofX] = gradients(graph, sources, { withRespectTo: [middle, x] });
    graph.output("middle", ofMiddle!);
    graph.output("x-gradient", ofX!);
    expect(run(graph, { x: [1, 2, 3], first: [1, 0, 1], second: [0, 1, 1] })).toEqual({
      middle: [6, 1, 19],
      "x-gradient": [18, 3, 57],
    });
  });

  test("lets no gradient through stopGradient", () => {
    const graph = createGraphBuilder();
    const x = vector(graph, "x");
    const loss = total(graph, mul(graph, x, stopGradient(graph, exp(graph, x))));
    const [gradient] = gradients(graph, loss, { withRespectTo: [x] });
    graph.output("gradient", gradient!);
    const [first] = run(graph, { x: [1, 2, 3] })["gradient"]!;
    expect(first).toBeCloseTo(Math.E, 12);
    const only = total(graph, stopGradient(graph, x));
    expect(() => gradients(graph, only, { withRespectTo: [x] })).toThrow(/does not depend on x/);
  });

  test("can be differentiated again", () => {
    const graph = createGraphBuilder();
    const x = vector(graph, "x");
    const [once] = gradients(graph, total(graph, exp(graph, mul(graph, x, x))), {
      withRespectTo: [x],
    });
    const [twice] = gradients(graph, total(graph, once!), { withRespectTo: [x] });
    graph.output("second", twice!);
    // (e^(x²))″ = (2 + 4x²) e^(x²)
    expect(run(graph, { x: [0, 1, -1] })["second"]).toEqual([2, 6 * Math.E, 6 * Math.E]);
  });

  test("names operator and node where a rule is missing, but only if the loss needs it", () => {
    const graph = createGraphBuilder();
    const x = vector(graph, "x");
    const weight = vector(graph, "weight");
    const [rounded] = graph.scope("layer", () =>
      graph.addNode({
        opType: "Round",
        inputs: [x],
        outputs: [{ dtype: "float32", shape: [3] }],
      }),
    );
    const loss = total(graph, mul(graph, rounded!, weight));
    expect(gradients(graph, loss, { withRespectTo: [weight] })).toHaveLength(1);
    expect(() => gradients(graph, loss, { withRespectTo: [x] })).toThrow(
      /^Round \(layer\/Round\) has no gradient rule/,
    );
  });

  test("refuses what it has no gradient for: a parameter without influence, a loss of many elements, symbolic sizes, another output", () => {
    const graph = createGraphBuilder();
    const [x, unused] = [vector(graph, "x"), vector(graph, "unused")];
    const square = mul(graph, x, x);
    expect(() => gradients(graph, total(graph, square), { withRespectTo: [x, unused] })).toThrow(
      expect.objectContaining({ name: "TrainError", code: "unreached", subject: "unused" }),
    );
    expect(() => gradients(graph, square, { withRespectTo: [x] })).toThrow(
      /has one element, got \[3\]/,
    );
    const upstream = graph.input("upstream", "float32", [2]);
    expect(() => gradients(graph, [{ value: square, upstream }], { withRespectTo: [x] })).toThrow(
      /upstream of Mul:out must have its shape \[3\], got \[2\]/,
    );

    const many = graph.input("many", "float32", ["batch", 3]);
    const sums = reduceSum(graph, mul(graph, many, x), { axes: [0, 1], keepAxes: false });
    expect(() => gradients(graph, sums, { withRespectTo: [x] })).toThrow(
      /\[batch, 3\]; a graph that is differentiated needs numbers/,
    );

    const normalized = layerNormalization(graph, x, { weight: x, bias: x, epsilon: 1e-5 });
    const [mean] = graph.addOutputs(graph.producer(normalized)!, [
      { dtype: "float32", shape: [1] },
    ]);
    expect(() => gradients(graph, mean!, { withRespectTo: [x] })).toThrow(
      /LayerNormalization \(.*\): another output than the first/,
    );
  });
});

describe("differentiate", () => {
  test("gives a graph with the gradients as outputs, which can be built on", () => {
    const forward = createGraphBuilder();
    const [w, x] = [vector(forward, "w"), vector(forward, "x")];
    const error = sub(forward, mul(forward, w, x), forward.input("y", "float32", [3]));
    forward.output("loss", total(forward, mul(forward, error, error)));
    const model = forward.finish("regression");
    const copy = structuredClone(model);

    const training = differentiate(model, { of: "loss", withRespectTo: ["w"] });
    expect(model).toEqual(copy);
    expect(training.graph.outputs).toEqual([
      { name: "loss", dtype: "float32", shape: [] },
      { name: "grad/w", dtype: "float32", shape: [3] },
    ]);
    const step = createGraphBuilder(training.graph);
    const change = scale(step, step.value(gradientName("w")), 0.25);
    step.output("next", sub(step, step.value("w"), change));
    expect(run(step, { w: [1, 1, 1], x: [1, 2, 3], y: [0, 2, 5] })).toEqual({
      loss: [5],
      "grad/w": [2, 0, -12],
      next: [0.5, 1, 4],
    });
  });

  test("makes an input for an upstream gradient, or takes the one that is there", () => {
    const forward = createGraphBuilder();
    const x = vector(forward, "x");
    forward.output("y", exp(forward, x));
    vector(forward, "given");
    const model = forward.finish("exp");
    const inputs = (upstream: string) =>
      differentiate(model, { of: { y: upstream }, withRespectTo: ["x"] }).graph.inputs.map(
        ({ name }) => name,
      );
    expect(inputs("dy")).toEqual(["x", "given", "dy"]);
    expect(inputs("given")).toEqual(["x", "given"]);
    expect(() => differentiate(model, { of: "z", withRespectTo: ["x"] })).toThrow(/no z/);
  });
});

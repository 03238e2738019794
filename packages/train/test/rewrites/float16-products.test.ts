import { createGraphBuilder, type GraphModel } from "@internvit/model-core";
import { add, mul, softmax, transpose } from "@internvit/model-core/onnx";
import { expect, test } from "vitest";

import { differentiate, exp, float16Products, gemm, reduceMean, scale } from "../../src/index.ts";

/** Two linear maps with a softmax between them, and a loss in the session's scope. */
function network(): GraphModel {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", [4, 3]);
  const first = graph.input("first", "float32", [5, 3]);
  const last = graph.input("last", "float32", [2, 5]);
  const bias = graph.input("bias", "float32", [2]);
  const hidden = gemm(graph, x, first, { transposeRight: true });
  const turned = transpose(graph, scale(graph, hidden, 0.5), [1, 0]);
  const weights = softmax(graph, transpose(graph, turned, [1, 0]));
  const logits = add(graph, gemm(graph, weights, last, { transposeRight: true }), bias);
  graph.output("logits", logits);
  const loss = graph.scope("loss", () =>
    reduceMean(graph, mul(graph, logits, logits), { axes: [0, 1] }),
  );
  graph.output("loss", loss);
  return graph.finish("network");
}

const parameters = ["first", "last", "bias"];

/** The element type of the first output of each node. */
function types({ graph }: GraphModel): readonly string[] {
  const builder = createGraphBuilder(graph);
  return graph.nodes
    .filter(({ opType }) => opType !== "Cast" && opType !== "Identity")
    .map(({ opType, outputs }) => `${opType} ${builder.value(outputs[0]!).dtype}`);
}

test("products are float16, and what only moves or adds their results; sums, softmax and the loss are not", () => {
  const result = float16Products(network(), { withRespectTo: parameters });
  expect(types(result)).toEqual([
    "Gemm float16",
    "Mul float16",
    "Transpose float16",
    "Transpose float16",
    "Softmax float32",
    "Gemm float16",
    "Add float16",
    "Mul float32",
    "ReduceMean float32",
  ]);
  const { graph } = result;
  for (const { dtype } of [...graph.inputs, ...graph.outputs]) expect(dtype).toBe("float32");
  const casts = graph.nodes.filter(({ opType }) => opType === "Cast");
  expect(casts.map(({ inputs }) => inputs[0])).toEqual(
    expect.arrayContaining(["x", ...parameters]),
  );
});

test("gradients are those of the rewritten graph: float16 products, float32 for the parameters", () => {
  const rewritten = float16Products(network(), { withRespectTo: parameters });
  const training = differentiate(rewritten, {
    of: { loss: "upstream" },
    withRespectTo: parameters,
  });
  const outputs = training.graph.outputs.filter(({ name }) => name.startsWith("grad/"));
  expect(outputs.map(({ dtype }) => dtype)).toEqual(["float32", "float32", "float32"]);
  // Forwards two; backwards one for each weight, one to the first map, and one that sums the bias's gradient.
  const products = types(training).filter((name) => /Gemm|MatMul/.test(name));
  expect(products).toHaveLength(6);
  for (const product of products) expect(product).toMatch(/ float16$/);
});

test("constants that float16 cannot hold keep their operator in float32", () => {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", [2, 2]);
  const product = gemm(graph, x, x);
  graph.output("masked", exp(graph, scale(graph, product, 1e6)));
  graph.output("guarded", exp(graph, scale(graph, product, 1e-6)));
  graph.output("halved", exp(graph, scale(graph, product, 0.5)));
  const result = types(float16Products(graph.finish("constants")));
  expect(result.filter((name) => name.startsWith("Mul"))).toEqual([
    "Mul float32",
    "Mul float32",
    "Mul float16",
  ]);
});

test("a graph without products is returned itself", () => {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", [2]);
  graph.output("y", mul(graph, x, x));
  const model = graph.finish("square");
  expect(float16Products(model)).toBe(model);
});

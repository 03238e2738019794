// What ONNX Runtime's optimizer makes of a second computation, seen in the graph that it writes: with the tie it stays,
// without it is merged with the first. The second half is no wish; should it fail one day, the tie is needed no more.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createGraphBuilder, encodeGraphModel, type GraphModel } from "@internvit/model-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { exp, gradients, neg, tanh } from "../../src/index.ts";

const runtimeNode = new URL("../../../runtime-node/package.json", import.meta.url);
const ort = createRequire(runtimeNode)("onnxruntime-node") as {
  readonly InferenceSession: {
    create(
      bytes: Uint8Array,
      options: { readonly optimizedModelFilePath: string; readonly logSeverityLevel: number },
    ): Promise<{ release(): Promise<void> }>;
  };
};

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-tie-"));
});
afterAll(() => rm(folder, { recursive: true }));

function training(): GraphModel {
  const graph = createGraphBuilder();
  const x = graph.input("x", "float32", [8]);
  const y = graph.scope("block", () => tanh(graph, exp(graph, tanh(graph, x))));
  const upstream = graph.input("upstream", "float32", [8]);
  const [gradient] = gradients(graph, [{ value: y, upstream }], {
    withRespectTo: [x],
    recompute: [{ from: x, to: y }],
  });
  graph.output("result", neg(graph, y));
  graph.output("gradient", gradient!);
  return graph.finish("training");
}

/** The same with the value itself in the place of the tied one. */
function untied({ graph, files }: GraphModel): GraphModel {
  const tie = graph.nodes.find(({ name }) => name.endsWith("/recomputed/Mul"))!;
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => (name === tie.outputs[0] ? tie.inputs[0]! : name)),
  }));
  return { files, graph: createGraphBuilder({ ...graph, nodes }).finish(graph.name).graph };
}

/** How many nodes of both computations are left when ONNX Runtime has optimized a graph. */
async function computed(model: GraphModel): Promise<number> {
  const names = model.graph.nodes.flatMap(({ name }) =>
    /^(gradient\/recomputed\/)?block\/\w+$/.test(name) ? [name] : [],
  );
  expect(names).toHaveLength(6);
  const optimizedModelFilePath = join(folder, "optimized.onnx");
  const session = await ort.InferenceSession.create(encodeGraphModel(model), {
    optimizedModelFilePath,
    // It warns that the file is for this machine only.
    logSeverityLevel: 3,
  });
  await session.release();
  const written = await readFile(optimizedModelFilePath, "latin1");
  return names.filter((name) => written.includes(nameField(name))).length;
}

/** Field 3 of a NodeProto, with its length: one name may end with another. */
function nameField(name: string): string {
  return `\u001A${String.fromCharCode(name.length)}${name}`;
}

test("a second computation stays where it is tied to the gradient, and is merged where not", async () => {
  const model = training();
  expect(await computed(model)).toBe(6);
  expect(await computed(untied(model))).toBe(3);
});

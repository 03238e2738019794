import { readFile } from "node:fs/promises";

import {
  bfloat16ToFloat32,
  buildEncoderGraph,
  bytesSource,
  readCheckpoint,
  readTensor,
  resolveEncoderWeights,
  type Tensor,
} from "@internvit/model-core";
import { createNodeRuntime } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { expect, test } from "vitest";

import {
  adamW,
  type BaseCall,
  classTokenAndPatchMean,
  createTrainingSession,
  crossEntropy,
  gemm,
  weightsAsInputs,
} from "../../src/index.ts";

const [BATCH, CLASSES] = [2, 3];

async function encoderOf(folder: string) {
  const open = (name: string) =>
    readFile(fixturePath(folder, name)).then(bytesSource, () => undefined);
  const checkpoint = await readCheckpoint({ label: folder, open });
  const model = { config: checkpoint.config, weights: resolveEncoderWeights(checkpoint) };
  const fed = (batch: number) => weightsAsInputs(buildEncoderGraph(model, { batch }));
  const source = (await open("model.safetensors"))!;
  const parameters: Record<string, Tensor> = {};
  for (const weight of fed(BATCH).weights) {
    const { shape, data, dtype } = await readTensor(source, weight);
    const floats = dtype === "bfloat16" ? bfloat16ToFloat32(data as Uint16Array) : data;
    parameters[weight.name] = { dtype: "float32", shape, data: floats as Float32Array };
  }
  const base = ({ inputs }: BaseCall) => fed(inputs["pixel_values"]!.shape[0]!).model.graph;
  return { config: checkpoint.config, parameters, base };
}

function pictures(count: number, side: number): Tensor {
  const data = Float32Array.from({ length: count * 3 * side * side }, (_, at) => Math.sin(at * at));
  return { dtype: "float32", shape: [count, 3, side, side], data };
}

test("an encoder's graph with a head on it is trained as a whole", async () => {
  const { config, parameters, base } = await encoderOf("tiny-layernorm");
  const side = config.imageSize;
  const width = 2 * config.hiddenSize;
  await using session = await createTrainingSession(createNodeRuntime(), {
    model: {
      inputs: { pixel_values: { dtype: "float32", shape: [BATCH, 3, side, side] } },
      parameters: {
        ...parameters,
        "head.weight": {
          dtype: "float32",
          shape: [CLASSES, width],
          data: new Float32Array(CLASSES * width),
        },
      },
      base,
      build(graph, { parameter }) {
        const feature = classTokenAndPatchMean(graph, graph.value("last_hidden_state"));
        const logits = gemm(graph, feature, parameter("head.weight"), { transposeRight: true });
        return { outputs: { logits } };
      },
    },
    loss: {
      inputs: { labels: { dtype: "int64", shape: [BATCH], labels: { classes: CLASSES } } },
      build: (graph, { input, output }) =>
        crossEntropy(graph, output("logits"), { labels: input("labels") }),
    },
    optimizer: adamW(),
    schedule: () => 1e-3,
  });
  const pixels = pictures(BATCH, side);
  const labels: Tensor = { dtype: "int64", shape: [BATCH], data: BigInt64Array.of(0n, 2n) };
  const losses: number[] = [];
  for (let step = 0; step < 6; step++) {
    losses.push((await session.step({ pixel_values: pixels, labels })).loss);
  }
  expect(losses[0]).toBeCloseTo(Math.log(CLASSES), 5);
  expect(losses[5]).toBeLessThan(losses[0]! / 2);
  const weights = await session.weights();
  const still = Object.entries(parameters).filter(([name, { data }]) =>
    (data as Float32Array).every((value, at) => value === weights[name]!.data[at]),
  );
  expect(still.map(([name]) => name)).toEqual([]);
  const { outputs } = await session.evaluate({ pixel_values: pictures(5, side) });
  expect(outputs["logits"]!.shape).toEqual([5, CLASSES]);
});

test("a base graph whose inputs nobody gives, or of another size, is refused", async () => {
  const { config, parameters, base } = await encoderOf("tiny-layernorm");
  const side = config.imageSize;
  const start = (shape: readonly number[], own: Readonly<Record<string, Tensor>>) =>
    createTrainingSession(createNodeRuntime(), {
      model: {
        inputs: { pixel_values: { dtype: "float32", shape } },
        parameters: own,
        base,
        build: (graph) => ({ outputs: { hidden: graph.value("last_hidden_state") } }),
      },
      loss: { inputs: {}, build: (_graph, { output }) => output("hidden") },
      optimizer: adamW(),
      schedule: () => 1e-3,
    });
  const [[name = "", first] = []] = Object.entries(parameters);
  await expect(start([BATCH, 3, side, side], { [name]: first! })).rejects.toThrow(
    /base graph has an input .*, which is no input, parameter or buffer/,
  );
  await expect(start([BATCH, 3, side, side + 1], parameters)).rejects.toMatchObject({
    code: "mismatch",
    subject: "pixel_values",
  });
});

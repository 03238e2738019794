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
  dropPathFactors,
  encoderBlocks,
  gemm,
  type SpanFinder,
  type TrainingOptions,
  weightsAsInputs,
} from "../../src/index.ts";

const [BATCH, CLASSES] = [2, 3];

async function encoderOf(folder: string) {
  const open = (name: string) =>
    readFile(fixturePath(folder, name)).then(bytesSource, () => undefined);
  const checkpoint = await readCheckpoint({ label: folder, open });
  const model = { config: checkpoint.config, weights: resolveEncoderWeights(checkpoint) };
  const fed = (batch: number, dropPath = false) =>
    weightsAsInputs(buildEncoderGraph(model, { batch, dropPath }));
  const source = (await open("model.safetensors"))!;
  const parameters: Record<string, Tensor> = {};
  for (const weight of fed(BATCH).weights) {
    const { shape, data, dtype } = await readTensor(source, weight);
    const floats = dtype === "bfloat16" ? bfloat16ToFloat32(data as Uint16Array) : data;
    parameters[weight.name] = { dtype: "float32", shape, data: floats as Float32Array };
  }
  const base = ({ mode, inputs }: BaseCall) =>
    fed(inputs["pixel_values"]!.shape[0]!, mode === "training" && "drop_path" in inputs).model
      .graph;
  return { config: checkpoint.config, parameters, base };
}

function pictures(count: number, side: number): Tensor {
  const data = Float32Array.from({ length: count * 3 * side * side }, (_, at) => Math.sin(at * at));
  return { dtype: "float32", shape: [count, 3, side, side], data };
}

/** A linear head on an encoder, everything trained. */
function training(
  { config, parameters, base }: Awaited<ReturnType<typeof encoderOf>>,
  options: Partial<TrainingOptions> & { readonly dropPath?: boolean } = {},
): TrainingOptions {
  const { imageSize: side, hiddenSize, numHiddenLayers: blocks } = config;
  const { dropPath = false, ...others } = options;
  const factors = {
    dtype: "float32",
    shape: [blocks, 2, BATCH, 1, 1],
    trainingOnly: true,
  } as const;
  const head = new Float32Array(CLASSES * 2 * hiddenSize);
  return {
    model: {
      inputs: {
        pixel_values: { dtype: "float32", shape: [BATCH, 3, side, side] },
        ...(dropPath && { drop_path: factors }),
      },
      parameters: {
        ...parameters,
        "head.weight": { dtype: "float32", shape: [CLASSES, 2 * hiddenSize], data: head },
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
    ...others,
  };
}

const labels: Tensor = { dtype: "int64", shape: [BATCH], data: BigInt64Array.of(0n, 2n) };

test("an encoder's graph with a head on it is trained as a whole", async () => {
  const encoder = await encoderOf("tiny-layernorm");
  const { parameters } = encoder;
  const side = encoder.config.imageSize;
  await using session = await createTrainingSession(createNodeRuntime(), training(encoder));
  const pixels = pictures(BATCH, side);
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

test("blocks that are computed again give the same training, with drop path, too", async () => {
  const encoder = await encoderOf("tiny-layernorm");
  const { imageSize: side, numHiddenLayers: blocks } = encoder.config;
  const factors = dropPathFactors({ rate: 0.5, blocks, batch: BATCH, seed: 2 });
  const trained = async (recompute?: SpanFinder) => {
    const options = training(encoder, { dropPath: true, ...(recompute && { recompute }) });
    await using session = await createTrainingSession(createNodeRuntime(), options);
    for (let step = 0; step < 3; step++) {
      await session.step({
        pixel_values: pictures(BATCH, side),
        labels,
        drop_path: factors(step),
      });
    }
    await session.evaluate({ pixel_values: pictures(1, side) });
    return session.state();
  };
  expect(await trained(encoderBlocks)).toEqual(await trained());
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
    /base graph has an input .*, which is no input, parameter, buffer or constant/,
  );
  await expect(start([BATCH, 3, side, side + 1], parameters)).rejects.toMatchObject({
    code: "mismatch",
    subject: "pixel_values",
  });
});

// @ts-check
// A whole encoder trained with AdamW: model-core's graph of 12 layers, 384 wide, 224 px, with its weights as inputs, and a
// linear head on class token and patch mean.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  buildEncoderGraph,
  bytesSource,
  readTensor,
  resolveEncoderWeights,
} from "@internvit/model-core";
import { openCheckpoint } from "@internvit/runtime-node";
import {
  adamW,
  classTokenAndPatchMean,
  constantSchedule,
  crossEntropy,
  gemm,
  weightsAsInputs,
} from "@internvit/train";

import { synthesize } from "../encoder-peers.mjs";
import { smallEncoder } from "../small-encoder.mjs";
import { wholeName } from "./compare-gradients.mjs";
import { drawnLabels, filled, uniform } from "./drawn.mjs";

const [BATCH, CLASSES, SIDE] = [8, 1000, 224];
const CONFIG = smallEncoder(SIDE);
const [RATE, DECAY] = [1e-4, 0.05];

/** @param {string} work @returns {Promise<import("./training-peers.mjs").TrainingCase>} */
export async function encoderCase(work) {
  const folder = join(work, "encoder-224");
  await mkdir(work, { recursive: true });
  const configFile = join(work, "encoder-224.json");
  await writeFile(configFile, JSON.stringify(CONFIG));
  synthesize(folder, ["--seed", "0", "--dtype", "f32"], configFile);
  const checkpoint = await openCheckpoint(folder);
  const { config } = checkpoint;
  const weights = resolveEncoderWeights(checkpoint);
  /** @param {number} batch */
  const fed = (batch) => weightsAsInputs(buildEncoderGraph({ config, weights }, { batch }));
  const file = bytesSource(await readFile(join(folder, "model.safetensors")));
  /** @type {Record<string, import("@internvit/model-core").Tensor>} */
  const parameters = {};
  for (const weight of fed(BATCH).weights) {
    const { shape, data } = await readTensor(file, weight);
    parameters[weight.name] = { dtype: "float32", shape, data: /** @type {Float32Array} */ (data) };
  }
  const width = 2 * config.hiddenSize;
  const head = {
    "head.weight": uniform(31, [CLASSES, width], 0.02),
    "head.bias": filled([CLASSES], 0),
  };
  const pixels = uniform(32, [BATCH, 3, SIDE, SIDE], 2);
  const labels = drawnLabels(33, { count: BATCH, classes: CLASSES });
  return {
    name: "encoder",
    title: "12-layer encoder",
    options: {
      model: {
        inputs: { pixel_values: { dtype: "float32", shape: [BATCH, 3, SIDE, SIDE] } },
        parameters: { ...parameters, ...head },
        base: ({ inputs }) => fed(inputs["pixel_values"]?.shape[0] ?? BATCH).model.graph,
        build(graph, { parameter }) {
          const feature = classTokenAndPatchMean(graph, graph.value("last_hidden_state"));
          const logits = gemm(graph, feature, parameter("head.weight"), {
            transposeRight: true,
            bias: parameter("head.bias"),
          });
          return { outputs: { logits } };
        },
      },
      loss: {
        inputs: { labels: { dtype: "int64", shape: [BATCH], labels: { classes: CLASSES } } },
        build: (graph, { input, output }) =>
          crossEntropy(graph, output("logits"), { labels: input("labels") }),
      },
      optimizer: adamW(),
      schedule: constantSchedule(RATE),
      group: () => ({ weightDecay: DECAY }),
    },
    batches: [{ pixel_values: pixels, labels }],
    tensors: { pixels, labels, ...head },
    peer: {
      checkpoint: join(folder, "model.safetensors"),
      config: CONFIG,
      parameters: [...new Set(Object.keys({ ...parameters, ...head }).map(wholeName))],
      rate: RATE,
      decay: DECAY,
    },
    forms: ["eager", "onednn"],
    steps: 2,
  };
}

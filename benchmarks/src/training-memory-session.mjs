// @ts-check
// Our side of the memory benchmark: one training in a process of its own, through the public session. Reads a JSON line
// for each step and answers { ms, loss, stateMB, baselineMB, peakMB }, as training-memory-torch.py does. Its first line
// says versions.
//
//   node --expose-gc benchmarks/src/training-memory-session.mjs <plain | gelus | largeActivations | encoderBlocks> <threads>
//
// Memory is the process's resident set. The baseline is taken when the session stands (graph loaded, weights and the
// optimizer's state held by its thread, everything that was needed to get there collected) and the peak is reset then.

import { createInterface } from "node:readline";

import {
  buildEncoderGraph,
  bytesSource,
  memoryDirectory,
  parseEncoderConfig,
  readCheckpoint,
  readTensor,
  resolveEncoderWeights,
} from "@internvit/model-core";
import { synthesizeCheckpoint } from "@internvit/model-core/synthesize";
import { createNodeRuntime } from "@internvit/runtime-node";
import {
  adamW,
  classTokenAndPatchMean,
  constantSchedule,
  createTrainingSession,
  crossEntropy,
  encoderBlocks,
  gemm,
  gelus,
  largeActivations,
  weightsAsInputs,
} from "@internvit/train";
import ort from "onnxruntime-node";

import { residentMB, startPeak } from "./resident.mjs";
import { smallEncoder } from "./small-encoder.mjs";

const [BATCH, SIDE, CLASSES] = [8, 224, 10];
const { config: CONFIG } = parseEncoderConfig(smallEncoder(SIDE));
/** @type {Readonly<Record<string, import("@internvit/train").SpanFinder | undefined>>} */
const VARIANTS = { plain: undefined, gelus, largeActivations, encoderBlocks };

const [variant = "plain", threads = "0"] = process.argv.slice(2);
if (!(variant in VARIANTS)) throw new Error(`expected one of ${Object.keys(VARIANTS)}`);

/** The session, and no other reference to the weights that it began with. */
async function begin() {
  const made = synthesizeCheckpoint(CONFIG, { seed: 1, dtype: "float32" });
  const files = new Map(made.files.map(({ name, chunks }) => [name, joined(chunks)]));
  const checkpoint = await readCheckpoint(memoryDirectory("drawn", files));
  const fed = weightsAsInputs(
    buildEncoderGraph(
      { config: checkpoint.config, weights: resolveEncoderWeights(checkpoint) },
      { batch: BATCH },
    ),
  );
  const source = bytesSource(files.get("model.safetensors") ?? new Uint8Array());
  /** @type {Record<string, import("@internvit/model-core").Tensor>} */
  const parameters = {};
  for (const weight of fed.weights) {
    const { shape, data } = await readTensor(source, weight);
    parameters[weight.name] = { dtype: "float32", shape, data: /** @type {Float32Array} */ (data) };
  }
  const width = 2 * CONFIG.hiddenSize;
  parameters["head"] = {
    dtype: "float32",
    shape: [CLASSES, width],
    data: Float32Array.from({ length: CLASSES * width }, (_, at) => 0.02 * Math.sin(at)),
  };
  const recompute = VARIANTS[variant];
  const session = await createTrainingSession(createNodeRuntime({ threads: Number(threads) }), {
    model: {
      inputs: { pixel_values: { dtype: "float32", shape: [BATCH, 3, SIDE, SIDE] } },
      parameters,
      base: () => fed.model.graph,
      build(graph, { parameter }) {
        const feature = classTokenAndPatchMean(graph, graph.value("last_hidden_state"));
        return {
          outputs: { logits: gemm(graph, feature, parameter("head"), { transposeRight: true }) },
        };
      },
    },
    loss: {
      inputs: { labels: { dtype: "int64", shape: [BATCH], labels: { classes: CLASSES } } },
      build: (graph, { input, output }) =>
        crossEntropy(graph, output("logits"), { labels: input("labels") }),
    },
    optimizer: adamW(),
    schedule: constantSchedule(1e-3),
    ...(recompute === undefined ? {} : { recompute }),
  });
  const values = Object.values(parameters).reduce((sum, { data }) => sum + data.length, 0);
  return { session, stateMB: (3 * 4 * values) / 1e6 };
}

/** @param {Iterable<Uint8Array>} chunks */
function joined(chunks) {
  return new Uint8Array(Buffer.concat([...chunks]));
}

/** @type {import("@internvit/train").Tensors} */
const batch = {
  pixel_values: {
    dtype: "float32",
    shape: [BATCH, 3, SIDE, SIDE],
    data: Float32Array.from({ length: BATCH * 3 * SIDE * SIDE }, (_, at) => Math.sin(at * at)),
  },
  labels: {
    dtype: "int64",
    shape: [BATCH],
    data: BigInt64Array.from({ length: BATCH }, (_, at) => BigInt(at)),
  },
};

const { session, stateMB } = await begin();
const baselineMB = await startPeak();
console.log(JSON.stringify({ "onnxruntime-node": ort.env.versions.node ?? "?" }));

for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now();
  const { loss } = await session.step(batch);
  const ms = performance.now() - start;
  console.log(JSON.stringify({ ms, loss, stateMB, baselineMB, peakMB: residentMB("VmHWM") }));
}
await session.dispose();

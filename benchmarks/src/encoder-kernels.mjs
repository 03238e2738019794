// @ts-check
// Where the time of one picture goes, by ONNX Runtime's own profiler: the products with weights, which are the same
// whatever the graph looks like around them, and everything else, which is what a fusion can change.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { buildEncoderGraph, encodeGraphModel, resolveEncoderWeights } from "@internvit/model-core";
import { openCheckpoint } from "@internvit/runtime-node";
import ort from "onnxruntime-node";

/**
 * Milliseconds per picture in each kind of kernel.
 * @param {string} folder
 * @param {{ fusions: readonly import("@internvit/model-core").Fusion[], threads: number, runs: number }} options
 */
export async function measureKernels(folder, { fusions, threads, runs }) {
  const checkpoint = await openCheckpoint(folder);
  const { config } = checkpoint;
  const model = buildEncoderGraph(
    { config, weights: resolveEncoderWeights(checkpoint) },
    { fusions },
  );
  const directory = await mkdtemp(join(tmpdir(), "internvit-profile-"));
  try {
    const session = await ort.InferenceSession.create(encodeGraphModel(model), {
      executionProviders: ["cpu"],
      intraOpNumThreads: threads,
      logSeverityLevel: 3,
      enableProfiling: true,
      profileFilePrefix: join(directory, "profile"),
      extra: { session: { model_external_initializers_file_folder_path: folder } },
    });
    const side = config.imageSize;
    const data = new Float32Array(3 * side * side).map((_, i) => ((i * 37) % 255) / 64 - 2);
    const feeds = { pixel_values: new ort.Tensor("float32", data, [1, 3, side, side]) };
    for (let run = 0; run < runs; run++) await session.run(feeds);
    session.endProfiling();
    await session.release();
    const [file = ""] = await readdir(directory);
    return sumKernels(JSON.parse(await readFile(join(directory, file), "utf8")), runs);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @typedef {{ cat: string, name: string, dur: number, args: { op_name: string, input_type_shape: Record<string, number[]>[] } }} ProfileEvent */

/** @param {readonly ProfileEvent[]} events @param {number} runs */
function sumKernels(events, runs) {
  /** @type {Map<string, number[]>} */
  const durations = new Map();
  for (const { cat, name, dur, args } of events) {
    if (cat !== "Node" || !name.endsWith("_kernel_time")) continue;
    durations.set(keyOf(args), [...(durations.get(keyOf(args)) ?? []), dur]);
  }
  /** @type {Record<string, number>} */
  const sums = {};
  for (const [key, all] of durations) {
    // The first run warms up: the kernels of one kind come run after run.
    const counted = all.slice(all.length / runs);
    const total = counted.reduce((sum, dur) => sum + dur, 0);
    sums[key] = Number((total / (runs - 1) / 1e3).toFixed(1));
  }
  return sums;
}

/** @param {ProfileEvent["args"]} args */
function keyOf({ op_name: operator, input_type_shape: inputs }) {
  if (operator !== "MatMul" && operator !== "FusedMatMul") return operator;
  const [shape = []] = Object.values(inputs[0] ?? {});
  // Activations are [n, tokens, width]; the products inside attention have heads as well.
  return shape.length === 3 ? WEIGHT_PRODUCTS : "attention products";
}

/** The key of the products with weights. */
export const WEIGHT_PRODUCTS = "weight products";

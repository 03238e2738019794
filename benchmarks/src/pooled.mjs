// @ts-check
// What pooler_output alone costs, where the last block computes the class token and no other, against all outputs, and
// against ONNX Runtime on what torch.onnx exports from the same checkpoint: with both outputs, and cut to the pooled
// one, so that ONNX Runtime leaves out what it can. The 300M at 448 px in float32 on the CPU, in one run, taking turns;
// before it a model of two such blocks, where the noise of the other 22 does not hide what a block saves.
//
//   node benchmarks/src/pooled.mjs --python <python with torch, transformers, onnx, onnxscript>
//     [--model <folder>] [--work <folder for exported graphs>] [--rounds 7] [--threads 0] [--batches 1,8]
//
// Needs the packages built. Without --model the 300M preset is synthesized into .cache. Writes
// benchmarks/results/pooled.json; --batches renews those batches of it, with "" the two blocks alone.

import { spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import ort from "onnxruntime-node";

import { distance, exported, ours, PRESET, SIDE, synthesize } from "./encoder-peers.mjs";
import { environment, ROOT, writeResult } from "./environment.mjs";
import { takeTurns } from "./take-turns.mjs";

const { values: options } = parseArgs({
  options: {
    model: { type: "string", default: join(ROOT, ".cache", PRESET) },
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "python3" },
    work: { type: "string", default: join(ROOT, ".cache/torch-onnx") },
    rounds: { type: "string", default: "7" },
    threads: { type: "string", default: "0" },
    batches: { type: "string", default: "1,8" },
  },
});
const rounds = Number(options.rounds);
const threads = Number(options.threads);
const batches = options.batches.split(",").filter(Boolean).map(Number);
/** Runs of two blocks are short. */
const BLOCK_ROUNDS = 40;

synthesize(options.model);
await mkdir(options.work, { recursive: true });
const script = fileURLToPath(new URL("./pooled-export.py", import.meta.url));
const made = spawnSync(options.python, [script, options.model, options.work], {
  stdio: ["ignore", "pipe", "inherit"],
});
if (made.status !== 0) throw new Error(`${options.python} ended with code ${made.status}`);
/** @type {Record<string, string>} */
const versions = {
  "onnxruntime-node": ort.env.versions.node ?? "?",
  ...JSON.parse(`${made.stdout}`),
};

/** @param {string} model */
async function ourPeers(model) {
  const pooled = await ours("internvit, pooler_output alone", model, {
    threads,
    outputs: ["pooler_output"],
  });
  const both = await ours("internvit, last_hidden_state and pooler_output", model, {
    threads,
    outputs: ["last_hidden_state", "pooler_output"],
  });
  return { pooled, both };
}

async function measureTwoBlocks() {
  const config = JSON.parse(await readFile(join(options.model, "config.json"), "utf8"));
  const folder = join(options.work, "two-blocks");
  await writeFile(`${folder}.json`, JSON.stringify({ ...config, num_hidden_layers: 2 }));
  synthesize(folder, [], `${folder}.json`);
  const { pooled, both } = await ourPeers(folder);
  return takeTurns([pooled, both], { batches: [1], rounds: BLOCK_ROUNDS });
}

const twoBlocks = await measureTwoBlocks();
console.table(twoBlocks);
const { pooled, both } = await ourPeers(options.model);
const graph = "ONNX Runtime on torch.onnx (sdpa)";
/** @param {string} file */
const inWork = (file) => join(options.work, file);
const exportedBoth = await exported(`${graph}, both outputs`, inWork("torch-sdpa-both.onnx"), {
  threads,
});
const cut = await exported(`${graph}, cut to pooler_output`, inWork("torch-sdpa-pooled.onnx"), {
  threads,
});
const peers = [pooled, both, exportedBoth, cut];
for (const peer of peers) await peer.run(1);
const features = pooled.features().poolerOutput?.data ?? new Float32Array();
const agreement = {
  allOutputs: distance(features, both.features().poolerOutput?.data ?? new Float32Array()),
  torchOnnx: distance(features, cut.results()["pooler_output"] ?? new Float32Array()),
};
console.log("pooler_output alone against", agreement);

const known = await readFile(join(ROOT, "benchmarks/results/pooled.json"), "utf8")
  .then((text) => JSON.parse(text))
  .catch(() => ({}));
/** @type {{ batch: number }[]} */
const kept = (known.times ?? []).filter(
  (/** @type {{ batch: number }} */ { batch }) => !batches.includes(batch),
);
const times = await takeTurns(peers, { batches, rounds });
console.table(times);
await writeResult("pooled", {
  environment: environment(versions),
  workload: { preset: PRESET, side: SIDE, dtype: "float32", threads },
  twoBlocks: { rounds: BLOCK_ROUNDS, times: twoBlocks },
  agreement,
  times: [...kept, ...times.map((row) => ({ ...row, rounds }))].sort((a, b) => a.batch - b.batch),
});

// @ts-check
// The 300M encoder at 448 px in float32 on the CPU: this project, ONNX Runtime on the graphs that torch.onnx exports
// from the same checkpoint, and PyTorch, in one run, taking turns, so that another load on the machine falls on all.
// Then what each fusion brings in kernel time and memory, and what opening the checkpoint costs.
//
//   node benchmarks/src/encoder.mjs [--model <folder>] [--python <python with torch, transformers, onnx, onnxscript>]
//     [--work <folder for exported graphs>] [--rounds 7] [--threads 0]
//
// Needs the packages built. Without --model the 300M preset is synthesized into .cache. Writes
// benchmarks/results/encoder.json.

import { spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { CPU_FUSIONS } from "@internvit/runtime-node";
import { ALL_FUSIONS } from "@internvit/model-core";
import ort from "onnxruntime-node";

import { measureKernels, WEIGHT_PRODUCTS } from "./encoder-kernels.mjs";
import { distance, exported, ours, pixelsOf, PRESET, SIDE, synthesize } from "./encoder-peers.mjs";
import { environment, median, ROOT, writeResult } from "./environment.mjs";
import { startPeer } from "./peer-process.mjs";
import { takeTurns } from "./take-turns.mjs";

const OPENINGS = 2;
const BATCHES = [1, 8];

const { values: options } = parseArgs({
  options: {
    model: { type: "string", default: join(ROOT, ".cache", PRESET) },
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "" },
    work: { type: "string", default: join(ROOT, ".cache/torch-onnx") },
    rounds: { type: "string", default: "7" },
    threads: { type: "string", default: "0" },
    // Renews only the comparison with the peers.
    part: { type: "string", default: "" },
  },
});
const rounds = Number(options.rounds);
const threads = Number(options.threads);

synthesize(options.model);

/** @type {string[]} */
const absent = [];
/** @type {Record<string, string>} */
const versions = { "onnxruntime-node": ort.env.versions.node ?? "?" };
/** @type {{ maxAbsolute: number, relativeL2: number } | undefined} */
let agreement;

async function compareEncoders() {
  /** @type {{ threads: number, outputs: ["last_hidden_state"] }} */
  const settings = { threads, outputs: ["last_hidden_state"] };
  const fused = await ours("internvit", options.model, settings);
  const plain = await ours("internvit, plain graph", options.model, { ...settings, fusions: [] });
  if (options.python === "") {
    absent.push("PyTorch and torch.onnx: no --python given");
    return takeTurns([fused, plain], { batches: BATCHES, rounds });
  }
  await mkdir(options.work, { recursive: true });
  const script = fileURLToPath(new URL("./encoder-torch.py", import.meta.url));
  const python = await startPeer(options.python, [
    script,
    options.model,
    options.work,
    options.threads,
  ]);
  Object.assign(versions, python.versions);
  const input = join(options.work, "input.f32");
  const output = join(options.work, "output.f32");
  await writeFile(input, pixelsOf(1));
  await python.ask({ batch: 1, input, output });
  await fused.run(1);
  agreement = distance(
    fused.features().lastHiddenState?.data ?? new Float32Array(),
    new Float32Array(Uint8Array.from(await readFile(output)).buffer),
  );
  /** @type {import("./take-turns.mjs").Peer} */
  const torch = {
    name: "PyTorch float32 (sdpa)",
    async run(batch) {
      await writeFile(input, pixelsOf(batch));
      return (await python.ask({ batch, input, output: null })).ms;
    },
    close: () => python.close(),
  };
  /** @param {string} attention */
  const peer = (attention) => {
    const file = join(options.work, `torch-${attention}.onnx`);
    return exported(`ONNX Runtime on torch.onnx (${attention})`, file, { threads });
  };
  const peers = [fused, await peer("sdpa"), await peer("eager"), plain, torch];
  return takeTurns(peers, { batches: BATCHES, rounds });
}

/** @typedef {import("@internvit/model-core").Fusion} Fusion */

/** The plain graph, each fusion alone, and the default: kernel time besides the weights' products, and memory. */
async function compareFusions() {
  const variants = /** @type {[string, readonly Fusion[]][]} */ ([
    ["plain", []],
    ...ALL_FUSIONS.map((fusion) => [fusion, [fusion]]),
    ["default", CPU_FUSIONS],
  ]);
  const rows = [];
  for (const [variant, fusions] of variants) {
    const kernels = await measureKernels(options.model, { fusions, threads, runs: rounds });
    const around = Object.entries(kernels).filter(([kind]) => kind !== WEIGHT_PRODUCTS);
    const milliseconds = around.reduce((sum, [, ms]) => sum + ms, 0);
    rows.push({
      variant,
      milliseconds: Number(milliseconds.toFixed(1)),
      ...measureOpening(fusions),
      kernels,
    });
  }
  return rows;
}

/** @param {readonly Fusion[]} fusions */
function measureOpening(fusions) {
  const script = fileURLToPath(new URL("./open-encoder.mjs", import.meta.url));
  const parameters = [script, options.model, fusions.join(",") || "none"];
  const runs = Array.from({ length: OPENINGS }, () => {
    const { stdout, status } = spawnSync(process.execPath, parameters, {
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (status !== 0) throw new Error(`open-encoder.mjs ended with code ${status}`);
    return /** @type {{ seconds: number, openPeakBytes: number, encodePeakBytes: number }} */ (
      JSON.parse(String(stdout))
    );
  });
  return {
    seconds: Number(median(runs.map((run) => run.seconds)).toFixed(2)),
    slowest: Number(Math.max(...runs.map((run) => run.seconds)).toFixed(2)),
    openPeakGB: gigabytes(runs.map((run) => run.openPeakBytes)),
    encodePeakGB: gigabytes(runs.map((run) => run.encodePeakBytes)),
  };
}

/** @param {readonly number[]} bytes */
function gigabytes(bytes) {
  return Number((Math.max(...bytes) / 1e9).toFixed(2));
}

const path = join(ROOT, "benchmarks/results/encoder.json");
const before = options.part === "" ? undefined : JSON.parse(await readFile(path, "utf8"));
const opening = before?.opening ?? measureOpening(CPU_FUSIONS);
console.log("Opening a bf16 300M checkpoint, to a ready session:", opening);
const encoders = await compareEncoders();
console.table(encoders);
if (agreement !== undefined) console.log("last_hidden_state against PyTorch:", agreement);
const fusions = before?.fusions ?? (await compareFusions());
console.table(fusions, ["variant", "milliseconds", "seconds", "openPeakGB", "encodePeakGB"]);
for (const line of absent) console.warn(`NOT MEASURED, ${line}`);
await writeResult("encoder", {
  environment: environment(versions),
  workload: { preset: PRESET, side: SIDE, dtype: "float32", rounds, threads },
  absent,
  opening,
  encoders,
  agreement: agreement ?? null,
  fusions,
});

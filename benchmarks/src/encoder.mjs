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
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { createVisionEncoder, CPU_FUSIONS } from "@internvit/runtime-node";
import { ALL_FUSIONS } from "@internvit/model-core";
import ort from "onnxruntime-node";

import { measureKernels, WEIGHT_PRODUCTS } from "./encoder-kernels.mjs";
import { environment, median, ROOT, writeResult } from "./environment.mjs";
import { startPython } from "./python-peer.mjs";

const PRESET = "InternViT-300M-448px-V2_5";
const SIDE = 448;
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

if (!existsSync(join(options.model, "config.json"))) {
  const cli = join(ROOT, "packages/cli/bin/internvit.js");
  const made = spawnSync(
    process.execPath,
    [cli, "synthesize", PRESET, "--seed", "0", "--dtype", "bf16", "--output", options.model],
    { stdio: "inherit" },
  );
  if (made.status !== 0) process.exit(1);
}

/** @typedef {{ name: string, run: (batch: number) => Promise<number>, close: () => unknown }} Peer */

/** Pixels of a batch, the same for every peer. @param {number} batch */
function pixelsOf(batch) {
  const data = new Float32Array(batch * 3 * SIDE * SIDE);
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = (state / 2 ** 32) * 4 - 2;
  }
  return data;
}
const pixels = new Map(BATCHES.map((batch) => [batch, pixelsOf(batch)]));

/**
 * @param {string} name
 * @param {Parameters<typeof createVisionEncoder>[1]} settings
 * @returns {Promise<Peer & { features: () => Float32Array | undefined }>}
 */
async function ours(name, settings) {
  const encoder = await createVisionEncoder(options.model, { threads, ...settings });
  /** @type {Float32Array | undefined} */
  let features;
  return {
    name,
    async run(batch) {
      const data = /** @type {Float32Array} */ (pixels.get(batch));
      const begin = performance.now();
      const result = await encoder.encode({
        dtype: "float32",
        shape: [batch, 3, SIDE, SIDE],
        data,
      });
      const ms = performance.now() - begin;
      features = (result.lastHiddenState ?? Object.values(result.hiddenStates ?? {})[0])?.data;
      return ms;
    },
    features: () => features,
    close: () => encoder.dispose(),
  };
}

/** @param {string} attention @returns {Promise<Peer>} */
async function exported(attention) {
  const session = await ort.InferenceSession.create(join(options.work, `torch-${attention}.onnx`), {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  });
  return {
    name: `ONNX Runtime on torch.onnx (${attention})`,
    async run(batch) {
      const data = /** @type {Float32Array} */ (pixels.get(batch));
      const feeds = { pixel_values: new ort.Tensor("float32", data, [batch, 3, SIDE, SIDE]) };
      const begin = performance.now();
      await session.run(feeds);
      return performance.now() - begin;
    },
    close: () => session.release(),
  };
}

/**
 * Seconds per image of each peer, medians over the rounds, and the ratio to the first peer round by round.
 * @param {readonly Peer[]} peers
 * @param {readonly number[]} batches
 */
async function takeTurns(peers, batches) {
  const rows = [];
  for (const batch of batches) {
    /** @type {number[][]} */
    const times = peers.map(() => []);
    for (let round = 0; round <= rounds; round++) {
      // In another order each round: who comes first finds the caches as the last one left them.
      const order = [...peers.keys()];
      for (let i = order.length - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1));
        [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
      }
      for (const i of order) {
        const seconds = ((await peers[i]?.run(batch)) ?? Number.NaN) / 1e3 / batch;
        if (round > 0) times[i]?.push(seconds);
      }
    }
    const [first = []] = times;
    for (const [i, peer] of peers.entries()) {
      const own = times[i] ?? [];
      rows.push({
        batch,
        peer: peer.name,
        secondsPerImage: Number(median(own).toFixed(3)),
        fastest: Number(Math.min(...own).toFixed(3)),
        ratioToFirst: Number(median(own.map((t, round) => t / (first[round] ?? 1))).toFixed(3)),
      });
    }
  }
  for (const peer of peers) await peer.close();
  return rows;
}

/** @type {string[]} */
const absent = [];
/** @type {Record<string, string>} */
const versions = { "onnxruntime-node": ort.env.versions.node ?? "?" };
/** @type {{ maxAbsolute: number, relativeL2: number } | undefined} */
let agreement;

async function compareEncoders() {
  const fused = await ours("internvit", { outputs: ["last_hidden_state"] });
  const plain = await ours("internvit, plain graph", {
    outputs: ["last_hidden_state"],
    fusions: [],
  });
  if (options.python === "") {
    absent.push("PyTorch and torch.onnx: no --python given");
    return takeTurns([fused, plain], BATCHES);
  }
  await mkdir(options.work, { recursive: true });
  const script = fileURLToPath(new URL("./encoder-torch.py", import.meta.url));
  const python = await startPython(options.python, [
    script,
    options.model,
    options.work,
    options.threads,
  ]);
  Object.assign(versions, python.versions);
  const input = join(options.work, "input.f32");
  const output = join(options.work, "output.f32");
  await writeFile(input, /** @type {Float32Array<ArrayBuffer>} */ (pixels.get(1)));
  await python.ask({ batch: 1, input, output });
  await fused.run(1);
  agreement = distance(
    fused.features() ?? new Float32Array(),
    new Float32Array(Uint8Array.from(await readFile(output)).buffer),
  );
  /** @type {Peer} */
  const torch = {
    name: "PyTorch float32 (sdpa)",
    async run(batch) {
      await writeFile(input, /** @type {Float32Array<ArrayBuffer>} */ (pixels.get(batch)));
      return (await python.ask({ batch, input, output: null })).ms;
    },
    close: () => python.close(),
  };
  const peers = [fused, await exported("sdpa"), await exported("eager"), plain, torch];
  return takeTurns(peers, BATCHES);
}

/** @param {Float32Array} actual @param {Float32Array} expected */
function distance(actual, expected) {
  let maxAbsolute = 0;
  let squares = 0;
  let norm = 0;
  for (const [i, value] of expected.entries()) {
    const gap = Math.abs((actual[i] ?? Number.NaN) - value);
    maxAbsolute = Math.max(maxAbsolute, gap);
    squares += gap * gap;
    norm += value * value;
  }
  return { maxAbsolute, relativeL2: Math.sqrt(squares / norm) };
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

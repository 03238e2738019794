// @ts-check
// What the batch pipeline costs: the share of the wall time that the session is busy when pictures come from JPEG
// files, one session with all threads against several with fewer, and how many photographs a second the pool decodes
// and prepares when the encoder does nothing. What is compared takes turns within a round.
//
//   node benchmarks/src/pipeline.mjs --model <checkpoint folder> [--photos <folder>] [--pictures 8] [--rounds 3]
//     [--only pool,session,sessions]
//
// Needs the packages built. Writes benchmarks/results/pipeline.json; with --only it keeps the other parts of it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { packPixels } from "@internvit/preprocess";
import { decodeImage } from "@internvit/preprocess/sharp";
import {
  availableCpus,
  createVisionEncoder,
  extractFeatures,
  extractToShards,
  planPreparation,
  preparePicture,
} from "@internvit/runtime-node";
import sharp from "sharp";

import { environment, median, ROOT, writeResult } from "./environment.mjs";

const { values: options } = parseArgs({
  options: {
    model: { type: "string" },
    photos: { type: "string", default: process.env["INTERNVIT_PHOTOS"] ?? "" },
    pictures: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "pool,session,sessions" },
  },
});

const ROUNDS = Number(options.rounds);
const PARTS = new Set(options.only.split(","));
const CPUS = availableCpus();
const preparation = planPreparation(undefined, { defaultSize: 448 });

function photographs() {
  const beside = options.photos === "" ? join(ROOT, "../shared/data/photos") : options.photos;
  const folder = existsSync(beside) ? beside : join(ROOT, "fixtures/images");
  return readdirSync(folder)
    .filter((name) => /\.jpe?g$/i.test(name))
    .sort()
    .map((name) => join(folder, name));
}

const photos = photographs();
const some = photos.slice(0, Number(options.pictures));

async function dispose() {}

/** An encoder that does nothing, of the same contract. @returns {import("@internvit/model-core").VisionEncoder} */
function idleEncoder() {
  return /** @type {import("@internvit/model-core").VisionEncoder} */ ({
    info: { executionProvider: "none", inputSize: preparation.size, outputs: ["pooler_output"] },
    encode: async ({ shape: [count = 0] }) => ({
      poolerOutput: { dtype: "float32", shape: [count, 1], data: new Float32Array(count) },
    }),
    dispose,
    [Symbol.asyncDispose]: dispose,
  });
}

/** Photographs a second of the pool, from the first batch on. @param {number} workers */
async function poolSpeed(workers) {
  const many = Array.from({ length: 6 }, () => photos).flat();
  const run = extractFeatures(many, { encoder: idleEncoder(), preparation, workers, batchSize: 4 });
  let begin = 0;
  let first = 0;
  let count = 0;
  for await (const { pictures } of run) {
    if (begin === 0) {
      begin = performance.now();
      first = pictures.length;
    }
    count += pictures.length;
  }
  return ((count - first) / (performance.now() - begin)) * 1e3;
}

async function measurePool() {
  const counts = [...new Set([1, 2, CPUS])].sort((a, b) => a - b);
  /** @type {Map<number, number[]>} */
  const speeds = new Map(counts.map((workers) => [workers, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const workers of counts) speeds.get(workers)?.push(await poolSpeed(workers));
  }
  return [...speeds].map(([workers, all]) => ({
    workers,
    photosPerSecond: median(all),
    fastest: Math.max(...all),
  }));
}

/** @param {number} threads */
function openEncoder(threads) {
  if (options.model === undefined) throw new Error("--model is needed for what runs the encoder");
  return createVisionEncoder(options.model, { outputs: ["pooler_output"], threads });
}

/** A whole extraction from JPEG files to shards. @param {import("@internvit/model-core").VisionEncoder[]} encoder */
async function extraction(encoder, { workers = 1 } = {}) {
  const output = await mkdtemp(join(tmpdir(), "internvit-bench-"));
  const pictures = { keys: some, pathOf: (/** @type {string} */ key) => key };
  try {
    const { milliseconds, loads } = await extractToShards(pictures, {
      encoder,
      preparation,
      output,
      workers,
    });
    const share = (/** @type {keyof typeof loads} */ stage) => loads[stage].occupancy;
    return {
      secondsPerPicture: milliseconds / 1e3 / some.length,
      sessionBusy: share("run"),
      poolBusy: share("read") + share("decode") + share("preprocess"),
    };
  } finally {
    await rm(output, { recursive: true });
  }
}

/** The encoder alone on pixels that lie ready. @param {import("@internvit/model-core").VisionEncoder} encoder */
async function encoderAlone(encoder, /** @type {any[]} */ pixels) {
  const begin = performance.now();
  for (const one of pixels) await encoder.encode(one);
  return (performance.now() - begin) / 1e3 / pixels.length;
}

async function measureSession() {
  const encoder = await openEncoder(CPUS);
  const pixels = [];
  for (const file of some) {
    const { image } = await decodeImage(await readFile(file));
    pixels.push(packPixels([preparePicture(image, preparation)]));
  }
  await encoderAlone(encoder, pixels.slice(0, 1));
  const rows = [];
  for (let round = 0; round < ROUNDS; round++) {
    const alone = await encoderAlone(encoder, pixels);
    for (const workers of new Set([1, CPUS])) {
      rows.push({ workers, alone, ...(await extraction([encoder], { workers })) });
    }
  }
  await encoder.dispose();
  return [...new Set(rows.map(({ workers }) => workers))].map((workers) => {
    const mine = rows.filter((row) => row.workers === workers);
    return {
      workers,
      sessionBusy: median(mine.map((row) => row.sessionBusy)),
      least: Math.min(...mine.map((row) => row.sessionBusy)),
      poolBusy: median(mine.map((row) => row.poolBusy)),
      secondsPerPicture: median(mine.map((row) => row.secondsPerPicture)),
      encoderAloneSecondsPerPicture: median(mine.map((row) => row.alone)),
    };
  });
}

/** One session with all threads against several that share them. */
async function measureSessions() {
  const counts = [1, 2, 4].filter((sessions) => sessions <= CPUS);
  /** @type {Map<number, number[]>} */
  const times = new Map(counts.map((sessions) => [sessions, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const sessions of counts) {
      const encoders = [];
      for (let i = 0; i < sessions; i++)
        encoders.push(await openEncoder(Math.floor(CPUS / sessions)));
      const { secondsPerPicture } = await extraction(encoders);
      times.get(sessions)?.push(secondsPerPicture);
      for (const encoder of encoders) await encoder.dispose();
    }
  }
  return [...times].map(([sessions, all]) => ({
    sessions,
    threads: Math.floor(CPUS / sessions),
    secondsPerPicture: median(all),
    fastest: Math.min(...all),
  }));
}

const path = join(ROOT, "benchmarks/results/pipeline.json");
const before = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
const result = {
  ...before,
  environment: environment({ sharp: sharp.versions.sharp ?? "?" }),
  model: options.model === undefined ? before.model : options.model.split("/").at(-1),
  photographs: photos.length,
};
// Each part says how it was measured: they may come from different runs.
const extent = { pictures: some.length, rounds: ROUNDS };
if (PARTS.has("pool")) {
  result.pool = (await measurePool()).map((row) => ({ ...row, rounds: ROUNDS }));
}
if (PARTS.has("session")) {
  result.session = (await measureSession()).map((row) => ({ ...row, ...extent }));
}
if (PARTS.has("sessions")) {
  result.sessions = (await measureSessions()).map((row) => ({ ...row, ...extent }));
}
await writeResult("pipeline", result);
console.table(result.pool);
console.table(result.session);
console.table(result.sessions);

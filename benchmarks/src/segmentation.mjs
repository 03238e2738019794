// @ts-check
// One iteration of the three segmentation settings beside PyTorch on the CPU, written as MMSegmentation writes it, with
// eager and with fused attention: an encoder of 12 layers, 384 wide, crops of 224 px, 11 classes, UperNet with 128
// channels. Whole iterations, and the head alone where the encoder is frozen. Every side is a process of its own with
// the same weights, pixels, labels and masks; they take turns. The loss of the first update is compared.
//
//   node benchmarks/src/segmentation.mjs --python <python with torch, safetensors> [--work <folder>] [--rounds 5]
//     [--threads 4] [--batch 8] [--only linear]
//
// Needs the packages built, and Linux: peak memory is that of /proc, above a process that has weights and AdamW's moments
// once. Ours also keeps the next state until the step is known to be good, where PyTorch overwrites; it is in
// "aboveStateMB" and not in "activationsMB". Writes benchmarks/results/segmentation.json; --only renews some of its rows.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { encodeSafetensors } from "@internvit/model-core";

import { chosenParts, environment, readResult, writeResult } from "./environment.mjs";
import { startPeer } from "./peer-process.mjs";
import { memoryOf } from "./resident.mjs";
import { drawnBatch } from "./segmentation/drawn-batch.mjs";
import {
  CLASSES,
  ENCODER,
  peerSettings,
  protocolOf,
  segmentationTraining,
  SETTINGS,
  SIZE,
} from "./segmentation/settings.mjs";
import { COMMON_OPTIONS, openSmallModel } from "./segmentation/small-model.mjs";
import { SMALL_ENCODER } from "./small-encoder.mjs";
import { takeSteps } from "./training/turns.mjs";

const { values: options } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    rounds: { type: "string", default: "5" },
    batch: { type: "string", default: "8" },
    only: { type: "string", multiple: true },
  },
});
const { python, work } = options;
const chosen = chosenParts(Object.keys(SETTINGS), options.only);
const [rounds = 0, threads = 0, batch = 0] = [options.rounds, options.threads, options.batch].map(
  Number,
);
/** Steps of one turn. */
const STEPS = 2;
/** Relative difference of the first losses that rounding may make. */
const AGREEMENT = 1e-4;
const plan = { batch, rate: 1e-4, iterations: 1e6, warmup: 0 };

const { encoder, checkpoint } = await openSmallModel(work);

/** @typedef {{ ms: number, cpuMs: number, loss: number, stateMB: number, baselineMB: number, peakMB: number }} Answer */

/** What PyTorch's processes read: first values, and a batch with its masks. @param {string} name */
async function writeInputs(name) {
  const { initial, masks } = await segmentationTraining(protocolOf(name, plan), checkpoint);
  const files = {
    initial: join(work, `${name}-initial.safetensors`),
    inputs: join(work, `${name}-inputs.safetensors`),
  };
  await writeFile(files.initial, initial());
  const tensors = new Map(Object.entries({ ...drawnBatch(plan.batch), ...masks(0) }));
  await writeFile(files.inputs, [...encodeSafetensors(tensors)]);
  return files;
}

/** @param {string} script */
const path = (script) => fileURLToPath(new URL(script, import.meta.url));
/** @type {Record<string, string>} */
const versions = {};

/** A setting's sides, ours last. @param {string} name */
async function open(name) {
  const files = await writeInputs(name);
  const shared = { config: ENCODER, settings: peerSettings(protocolOf(name, plan)), threads };
  const sides = [];
  for (const form of ["eager", "sdpa"]) {
    const request = JSON.stringify({ ...shared, ...files, form });
    sides.push({
      who: `PyTorch, ${form}`,
      peer: await startPeer(python, [path("segmentation/torch_peer.py"), request]),
    });
  }
  const request = JSON.stringify({ setting: name, encoder, threads, plan });
  const own = ["--expose-gc", path("segmentation-session.mjs"), request];
  sides.push({ who: "internvit", peer: await startPeer(process.execPath, own) });
  for (const { peer } of sides) Object.assign(versions, peer.versions);
  return sides;
}

/** @param {string} name */
async function measure(name) {
  const sides = await open(name);
  /** @type {Answer[]} */
  const first = [];
  for (const { peer } of sides) first.push(await peer.ask({ do: "iteration", steps: 1 }));
  const losses = first.map(({ loss }) => loss);
  const own = losses.at(-1) ?? Number.NaN;
  const gap = Math.max(...losses.map((loss) => Math.abs(own - loss) / loss));
  if (!(gap < AGREEMENT)) throw new Error(`${name}: the sides differ: ${losses.join(", ")}`);

  /** @type {Answer[]} */
  const last = [];
  /** @param {"iteration" | "head"} what */
  const turns = (what) =>
    takeSteps(
      sides.map(({ who, peer }, at) => ({
        name: who,
        async run(steps) {
          /** @type {Answer} */
          const answer = await peer.ask({ do: what, steps });
          if (what === "iteration") last[at] = answer;
          return answer;
        },
        close: () => undefined,
      })),
      { rounds, steps: STEPS },
    );
  const iteration = await turns("iteration");
  const head = protocolOf(name, plan).encoder.trained ? undefined : await turns("head");
  for (const { peer } of sides) peer.close();
  const memory = last.map((answer, at) =>
    memoryOf(answer, { nextStates: at === sides.length - 1 ? 1 : 0 }),
  );
  return {
    setting: name,
    protocol: SETTINGS[name],
    threads,
    batch,
    firstLoss: { internvit: own, relativeDifference: Number(gap.toExponential(1)) },
    iteration: iteration.map((side, at) => ({ ...side, ...memory[at] })),
    ...(head && { head }),
  };
}

/** @typedef {Awaited<ReturnType<typeof measure>>} Row */
/** @type {{ rows: Row[] } | undefined} */
const known = await readResult("segmentation");
const rows = [];
for (const name of Object.keys(SETTINGS)) {
  if (!chosen.includes(name)) {
    rows.push(...(known?.rows ?? []).filter(({ setting }) => setting === name));
    continue;
  }
  const row = await measure(name);
  console.log(row.protocol, JSON.stringify(row.firstLoss));
  console.table(row.iteration);
  if (row.head) console.table(row.head);
  rows.push(row);
}
await writeResult("segmentation", {
  environment: environment(versions),
  workload: { encoder: SMALL_ENCODER, side: SIZE, classes: CLASSES, rounds },
  rows,
});

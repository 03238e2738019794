// @ts-check
// How many training pictures a core makes from files: for the classification probes a random part of a photograph as
// 448 px, mirrored every other time, beside Pillow with NumPy; for the segmentation probes a random crop of a resized
// and recoloured scene with its labels, beside OpenCV with NumPy. Every peer in a process of its own, all on one core,
// taking turns, with the same draws. Ours are drawn inside the clock, the peers' are given to them.
//
//   taskset -c 0 node benchmarks/src/augment.mjs [--python <python with Pillow, numpy and cv2>]
//     [--photos <folder>] [--scenes <folder with train and trainannot>] [--rounds 15]
//
// Needs the packages built. Writes benchmarks/results/augmentation.json.

import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { drawResizedCrop, drawSegmentation } from "@internvit/eval";
import { decodeImage } from "@internvit/preprocess/sharp";

import { readLabel } from "./augment-label.mjs";
import { environment, median, ROOT, writeResult } from "./environment.mjs";
import { startPeer } from "./peer-process.mjs";

const SEED = 1;
/** Pixels per edge of the results. */
const SIZES = { crop: 448, segmentation: 504 };

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "" },
    photos: { type: "string", default: process.env["INTERNVIT_PHOTOS"] ?? "" },
    scenes: { type: "string", default: process.env["INTERNVIT_SCENES"] ?? "" },
    rounds: { type: "string", default: "15" },
  },
});
if (availableParallelism() !== 1) {
  throw new Error(
    `expected one core, found ${availableParallelism()}: start this with "taskset -c 0 node …", so that every ` +
      "thread of every peer shares it",
  );
}
const rounds = Number(options.rounds);

/** @param {string} folder @param {RegExp} pattern */
function list(folder, pattern) {
  const names = readdirSync(folder).filter((name) => pattern.test(name));
  return names.toSorted().map((name) => join(folder, name));
}

const photos = options.photos === "" ? join(ROOT, "../shared/data/photos") : options.photos;
const scenes = options.scenes === "" ? join(ROOT, "../shared/data/camvid") : options.scenes;
const files = {
  crop: list(photos, /\.jpe?g$/i).map((image) => ({ image, label: "" })),
  segmentation: existsSync(scenes)
    ? list(join(scenes, "train"), /\.png$/i).map((image) => ({
        image,
        label: image.replace(/train([\\/][^\\/]*)$/, "trainannot$1"),
      }))
    : [],
};
const sizes = await Promise.all(
  files.crop.map(async ({ image }) => (await decodeImage(image)).image),
);
const labels = files.segmentation.map(({ label }) => readLabel(label));

/** What an epoch draws for every file. @param {"crop" | "segmentation"} kind @param {number} epoch */
function draw(kind, epoch) {
  return kind === "crop"
    ? sizes.map((size, index) => drawResizedCrop(size, { seed: SEED, epoch, index }))
    : labels.map((label, index) => drawSegmentation(label, { seed: SEED, epoch, index }));
}

/** @typedef {{ name: string, peer: Awaited<ReturnType<typeof startPeer>> }} Peer */
const script = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const oneThread = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
/** @type {string[]} */
const absent = [];
const ours = {
  name: "internvit",
  peer: await startPeer(process.execPath, [script("augment-peer.mjs")]),
};
/** @type {Peer | undefined} */
let python;
if (options.python === "") absent.push("Pillow, OpenCV and NumPy: no --python given");
else {
  const peer = await startPeer(options.python, [script("augment-peer.py")], oneThread);
  python = { name: "python", peer };
}

const TASKS = /** @type {const} */ ([
  { task: "crop to floats", kind: "crop", peer: "Pillow + NumPy" },
  { task: "crop to bytes", kind: "crop", peer: "Pillow + NumPy" },
  { task: "segmentation", kind: "segmentation", peer: "OpenCV + NumPy" },
]);
const results = [];
for (const { task, kind, peer: peerName } of TASKS) {
  const peers = python === undefined ? [ours] : [ours, { ...python, name: peerName }];
  if (files[kind].length === 0) absent.push(`${task}: no scenes in ${scenes}`);
  else if (
    kind === "segmentation" &&
    python !== undefined &&
    python.peer.versions["opencv"] === undefined
  ) {
    absent.push("OpenCV: the Python given has no cv2");
    results.push(...(await measure([ours], { task, kind })));
  } else results.push(...(await measure(peers, { task, kind })));
}
for (const { peer } of python === undefined ? [ours] : [ours, python]) peer.close();
for (const line of absent) console.warn(`NOT MEASURED, ${line}`);
for (const { msPerPicture, ...row } of results) console.log(row, msPerPicture);

const versions = { ...ours.peer.versions, ...python?.peer.versions };
await writeResult("augmentation", {
  environment: { ...environment(versions), coresUsed: 1 },
  workload: {
    sizes: SIZES,
    seed: SEED,
    photos: files.crop.length,
    scenes: files.segmentation.length,
    rounds,
  },
  absent,
  results,
});

/**
 * @param {readonly Peer[]} peers the first one is ours
 * @param {{ task: string, kind: "crop" | "segmentation" }} work
 */
async function measure(peers, { task, kind }) {
  const count = files[kind].length;
  const tallies = peers.map(() => ({
    /** @type {number[]} */ ms: [],
    /** @type {number[]} */ cpuMs: [],
    /** @type {string[]} */ hashes: [],
    /** @type {Record<string, number>[]} */ stages: [],
  }));
  // Round 0 warms up and compares; each round is an epoch, so that not the same crops are made again.
  for (let round = 0; round <= rounds; round++) {
    const draws = draw(kind, round);
    for (let turn = 0; turn < peers.length; turn++) {
      const at = (round + turn) % peers.length;
      const answer = await peers[at]?.peer.ask({
        task,
        files: files[kind],
        draws,
        seed: SEED,
        epoch: round,
        size: SIZES[kind],
        hashes: round === 0,
      });
      const tally = tallies[at];
      if (tally === undefined) continue;
      if (round === 0) tally.hashes = answer.hashes;
      else {
        tally.ms.push(answer.ms / count);
        tally.cpuMs.push(answer.cpuMs / count);
        tally.stages.push(answer.stages);
      }
    }
  }
  const [own, other] = tallies;
  return peers.map(({ name }, i) => {
    const { ms = [], cpuMs = [], stages = [], hashes = [] } = tallies[i] ?? {};
    return {
      task,
      peer: name,
      picturesPerSecond: Number((1e3 / median(ms)).toFixed(1)),
      fastestRoundPicturesPerSecond: Number((1e3 / Math.min(...ms)).toFixed(1)),
      timesPeer: medianRatio(ms, other?.ms),
      // By processor time, which another load on the machine changes little.
      cpuMsPerPicture: Number(median(cpuMs).toFixed(2)),
      timesPeerByCpuTime: medianRatio(cpuMs, other?.cpuMs),
      picturesThatDiffer:
        other === undefined ? null : hashes.filter((hash, at) => hash !== own?.hashes[at]).length,
      msPerPicture: Object.fromEntries(
        Object.keys(stages[0] ?? {}).map((stage) => [
          stage,
          Number((median(stages.map((s) => s[stage] ?? 0)) / count).toFixed(2)),
        ]),
      ),
    };
  });
}

/**
 * How much longer the other one takes, of neighbouring turns, so that another load on the machine falls on both.
 * @param {readonly number[]} own @param {readonly number[] | undefined} other
 */
function medianRatio(own, other) {
  if (other === undefined) return null;
  return Number(median(own.map((time, round) => (other[round] ?? Number.NaN) / time)).toFixed(2));
}

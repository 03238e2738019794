// @ts-check
// How many photographs a core turns from JPEG files into CLIP's pixel_values: this project, Pillow with NumPy, and
// transformers.js. Each in a process of its own, all on the same core, taking turns folder by folder.
//
//   taskset -c 0 node benchmarks/src/decode.mjs [--python <python with Pillow and numpy>]
//     [--peers <folder whose node_modules has @huggingface/transformers>] [--photos <folder>] [--rounds 15]
//
// Needs the packages built. Writes benchmarks/results/decode.json.

import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { environment, median, ROOT, writeResult } from "./environment.mjs";
import { startPeer } from "./peer-process.mjs";

const SIDE = 448;

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "" },
    peers: { type: "string", default: process.env["INTERNVIT_PEERS"] ?? "" },
    photos: { type: "string", default: process.env["INTERNVIT_PHOTOS"] ?? "" },
    rounds: { type: "string", default: "15" },
  },
});
if (availableParallelism() !== 1) {
  throw new Error(
    `expected one core, found ${availableParallelism()}: start this with "taskset -c 0 node …", so that every ` +
      "thread of every peer shares it",
  );
}

const photos = options.photos === "" ? join(ROOT, "../shared/data/photos") : options.photos;
const files = readdirSync(photos)
  .filter((name) => /\.jpe?g$/i.test(name))
  .sort()
  .map((name) => join(photos, name));
const rounds = Number(options.rounds);

const script = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const node = (/** @type {string[]} */ ...parameters) =>
  startPeer(process.execPath, [script("decode-peer.mjs"), ...parameters]);
const oneThread = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };

/** @type {string[]} */
const absent = [];
/** @type {{ name: string, peer: Awaited<ReturnType<typeof startPeer>> }[]} */
const peers = [
  { name: "internvit", peer: await node("internvit") },
  { name: "internvit, new memory for every picture", peer: await node("internvit-new-memory") },
];
if (options.python === "") absent.push("Pillow + NumPy: no --python given");
else {
  const peer = await startPeer(options.python, [script("resize-pillow.py")], oneThread);
  peers.push({ name: "Pillow + NumPy", peer });
}
if (options.peers === "") absent.push("transformers.js: no --peers folder given");
else peers.push({ name: "transformers.js", peer: await node("transformers.js", options.peers) });
for (const line of absent) console.warn(`NOT MEASURED, ${line}`);

/** @type {Map<string, { ms: number[], hashes: string[], stages: Record<string, number>[] }>} */
const tallies = new Map(peers.map(({ name }) => [name, { ms: [], hashes: [], stages: [] }]));
// Round 0 warms up and compares.
for (let round = 0; round <= rounds; round++) {
  const turn = round % peers.length;
  for (const { name, peer } of [...peers.slice(turn), ...peers.slice(0, turn)]) {
    const answer = await peer.ask({ files, side: SIDE, hashes: round === 0 });
    const tally = tallies.get(name);
    if (tally === undefined) continue;
    if (round === 0) tally.hashes = answer.hashes;
    else {
      tally.ms.push(answer.ms / files.length);
      if (Object.keys(answer.stages ?? {}).length > 0) tally.stages.push(answer.stages);
    }
  }
}
for (const { peer } of peers) peer.close();

const pillow = tallies.get("Pillow + NumPy");
const results = Array.from(tallies, ([name, { ms, hashes, stages }]) => ({
  peer: name,
  imagesPerSecond: Number((1e3 / median(ms)).toFixed(1)),
  fastestRoundImagesPerSecond: Number((1e3 / Math.min(...ms)).toFixed(1)),
  // Of neighbouring turns, so that another load on the machine falls on both.
  timesPillow:
    pillow === undefined
      ? null
      : Number(median(ms.map((time, i) => (pillow.ms[i] ?? Number.NaN) / time)).toFixed(2)),
  picturesThatDiffer:
    pillow === undefined ? null : hashes.filter((hash, i) => hash !== pillow.hashes[i]).length,
  msPerPicture: Object.fromEntries(
    Object.keys(stages[0] ?? {}).map((stage) => [
      stage,
      Number((median(stages.map((s) => s[stage] ?? 0)) / files.length).toFixed(2)),
    ]),
  ),
}));
for (const { msPerPicture, ...row } of results) console.log(row, msPerPicture);

const versions = Object.assign({}, ...peers.map(({ peer }) => peer.versions));
await writeResult("decode", {
  environment: { ...environment(versions), coresUsed: 1 },
  workload: { side: SIDE, filter: "bicubic", count: files.length, rounds },
  absent,
  results,
});

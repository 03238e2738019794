// @ts-check
// How fast, and how exactly, photographs become the encoder's pixels: this project, sharp, transformers.js and
// Pillow on the same pictures in the same run, one thread each, taking turns picture by picture so that another
// load on the machine falls on all of them. Pillow is what the bytes are compared with.
//
//   node benchmarks/src/resize.mjs [--python <python with Pillow and numpy>]
//     [--peers <folder whose node_modules has @huggingface/transformers>] [--photos <folder>] [--rounds 5]
//
// Needs the packages built. Writes benchmarks/results/resize.json.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { environment, median, ROOT, writeResult } from "./environment.mjs";
import { ours, oursWithoutSimd, pillow, sharpAlone, transformersJs } from "./resize-peers.mjs";

const SIDE = 448;
/** @type {readonly import("./resize-peers.mjs").Task[]} */
const TASKS = ["resize", "clip", "clip-decode"];

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "" },
    peers: { type: "string", default: process.env["INTERNVIT_PEERS"] ?? "" },
    photos: { type: "string", default: process.env["INTERNVIT_PHOTOS"] ?? "" },
    rounds: { type: "string", default: "5" },
  },
});

/** @returns {{ from: string, files: string[] }} */
function pictures() {
  const beside = options.photos === "" ? join(ROOT, "../shared/data/photos") : options.photos;
  const real = existsSync(beside);
  const folder = real ? beside : join(ROOT, "fixtures/images");
  const files = readdirSync(folder)
    .filter((name) => /\.jpe?g$/i.test(name))
    .sort()
    .map((name) => join(folder, name));
  const chosen = options.photos === "" ? "photographs" : "pictures of --photos";
  return { from: real ? chosen : "drawn fixtures", files };
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function compareBytes(a, b) {
  let differing = 0;
  let sum = 0;
  let most = 0;
  for (let i = 0; i < b.length; i++) {
    const gap = Math.abs(/** @type {number} */ (a[i]) - /** @type {number} */ (b[i]));
    if (gap !== 0) differing++;
    sum += gap;
    most = Math.max(most, gap);
  }
  return { bytes: b.length, differing, sum, most };
}

/** @type {string[]} */
const absent = [];
const peers = [ours(SIDE), oursWithoutSimd(SIDE), sharpAlone(SIDE)];
if (options.peers === "") absent.push("transformers.js: no --peers folder given");
else peers.push(await transformersJs(options.peers, SIDE));
if (options.python === "") {
  absent.push("Pillow: no --python given, so no bytes are compared and no ratio is made");
} else peers.push(await pillow(options.python, SIDE));
for (const line of absent) console.warn(`NOT MEASURED, ${line}`);

const { from, files } = pictures();
const rounds = Number(options.rounds);
console.log(`${files.length} ${from}, ${rounds} rounds, one thread`);

const reference = peers.find((peer) => peer.name === "Pillow");
const results = [];
for (const task of TASKS) {
  /** @type {Map<string, { ms: number[][], bytes: number, differing: number, sum: number, most: number }>} */
  const tallies = new Map(
    peers.map((p) => [
      p.name,
      { ms: files.map(() => []), bytes: 0, differing: 0, sum: 0, most: 0 },
    ]),
  );
  // Round 0 warms up and compares.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, file] of files.entries()) {
      const expected = round === 0 ? (await reference?.run(task, file, true))?.pixels : undefined;
      for (const peer of peers) {
        const tally = tallies.get(peer.name);
        const result = await peer.run(task, file, expected !== undefined);
        if (tally === undefined || result === undefined) continue;
        if (round > 0) tally.ms[index]?.push(result.ms);
        if (expected === undefined || result.pixels === undefined) continue;
        const gap = compareBytes(result.pixels, expected);
        tally.bytes += gap.bytes;
        tally.differing += gap.differing;
        tally.sum += gap.sum;
        tally.most = Math.max(tally.most, gap.most);
      }
    }
  }
  for (const peer of peers) {
    const tally = tallies.get(peer.name);
    if (tally === undefined || tally.ms.some((times) => times.length === 0)) continue;
    const total = tally.ms.reduce((sum, times) => sum + median(times), 0);
    const compared = tally.bytes > 0;
    results.push({
      task,
      peer: peer.name,
      imagesPerSecond: Number(((files.length / total) * 1e3).toFixed(1)),
      differingBytesShare: compared ? tally.differing / tally.bytes : null,
      meanLevelDifference: compared ? tally.sum / tally.bytes : null,
      maxLevelDifference: compared ? tally.most : null,
    });
  }
}
for (const peer of peers) peer.close();

const rows = results.map((result) => {
  const base = results.find((r) => r.task === result.task && r.peer === "Pillow");
  const share = result.differingBytesShare;
  return {
    task: result.task,
    peer: result.peer,
    "images/s": result.imagesPerSecond,
    "x Pillow":
      base === undefined ? "-" : (result.imagesPerSecond / base.imagesPerSecond).toFixed(2),
    "bytes that differ": share === null ? "-" : `${(share * 100).toFixed(2)} %`,
    "mean levels": result.meanLevelDifference?.toFixed(3) ?? "-",
    "max levels": result.maxLevelDifference ?? "-",
  };
});
console.table(rows);
for (const line of absent) console.warn(`NOT MEASURED, ${line}`);

const workload = { side: SIDE, filter: "bicubic", pictures: from, count: files.length, rounds };
const versions = Object.assign({}, ...peers.map((peer) => peer.versions));
await writeResult("resize", {
  environment: { ...environment(versions), threads: 1 },
  workload,
  absent,
  results,
});

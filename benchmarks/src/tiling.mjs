// @ts-check
// How fast, and how exactly, a decoded 3000x2000 photograph becomes 12 tiles and a thumbnail: this project, Pillow and
// the tiling processors of transformers.js in the same run, taking turns round by round so that another load on the
// machine falls on all of them. Pillow is what the bytes are compared with.
//
//   taskset -c 0 node benchmarks/src/tiling.mjs [--python <python with Pillow and numpy>]
//     [--peers <folder whose node_modules has @huggingface/transformers>] [--rounds 15]
//
// taskset, because transformers.js resizes in ONNX Runtime, whose threads it lets nobody choose. Needs the packages
// built. Writes benchmarks/results/tiling.json.

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { decodeImage } from "@internvit/preprocess/sharp";

import { environment, median, ROOT, writeResult } from "./environment.mjs";
import { ours, pillow, transformersJs } from "./tiling-peers.mjs";

/** @type {readonly import("./tiling-peers.mjs").Task[]} */
const TASKS = ["tile", "tile-normalize"];
const WORKLOAD = { tileSize: 448, columns: 4, rows: 3 };

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "" },
    peers: { type: "string", default: process.env["INTERNVIT_PEERS"] ?? "" },
    rounds: { type: "string", default: "15" },
  },
});

/** @param {Uint8Array} a @param {Uint8Array} b the first tiles may be all that `a` has */
function compareBytes(a, b) {
  let differing = 0;
  let sum = 0;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const gap = Math.abs(/** @type {number} */ (a[i]) - /** @type {number} */ (b[i]));
    if (gap !== 0) differing++;
    sum += gap;
    most = Math.max(most, gap);
  }
  return { bytes: a.length, differing, meanLevels: sum / a.length, maxLevels: most };
}

const file = join(ROOT, "fixtures/images/large.jpg");
const { image } = await decodeImage(file);
const threads = availableParallelism();
if (threads > 1) console.warn(`not pinned to one core: transformers.js may use ${threads} threads`);

/** @type {string[]} */
const absent = [];
const peers = [ours(image, WORKLOAD)];
if (options.peers === "") absent.push("transformers.js: no --peers folder given");
else peers.push(...(await transformersJs(options.peers, image, WORKLOAD)));
if (options.python === "") {
  absent.push("Pillow: no --python given, so no bytes are compared and no ratio is made");
} else peers.push(await pillow(options.python, file, WORKLOAD));

const rounds = Number(options.rounds);
console.log(`${image.width}x${image.height}, ${rounds} rounds`);
const reference = peers.find((peer) => peer.name === "Pillow");
const results = [];
for (const task of TASKS) {
  const expected = (await reference?.run(task, true))?.pixels;
  /** @type {Map<string, { ms: number[], gap: ReturnType<typeof compareBytes> | null }>} */
  const tallies = new Map();
  // Round 0 warms up and compares.
  for (let round = 0; round <= rounds; round++) {
    for (const peer of peers) {
      const result = await peer.run(task, round === 0 && expected !== undefined);
      if (result === undefined) continue;
      if (round === 0) {
        const comparable = expected !== undefined && result.pixels !== undefined;
        const gap = comparable ? compareBytes(result.pixels, expected) : null;
        tallies.set(peer.name, { ms: [], gap });
      } else tallies.get(peer.name)?.ms.push(result.ms);
    }
  }
  for (const [peer, { ms, gap }] of tallies) {
    const milliseconds = Number(median(ms).toFixed(2));
    results.push({ task, peer, milliseconds, fastest: Number(Math.min(...ms).toFixed(2)), ...gap });
  }
}
for (const peer of peers) peer.close();

const rows = results.map((result) => {
  const base = results.find((r) => r.task === result.task && r.peer === "Pillow");
  const { bytes, differing, meanLevels } = result;
  return {
    task: result.task,
    peer: result.peer,
    ms: result.milliseconds,
    fastest: result.fastest,
    "x Pillow": base === undefined ? "-" : (base.milliseconds / result.milliseconds).toFixed(2),
    "bytes that differ": differing === undefined ? "-" : `${differing} of ${bytes}`,
    "mean levels": meanLevels?.toFixed(3) ?? "-",
    "max levels": result.maxLevels ?? "-",
  };
});
console.table(rows);
for (const line of absent) console.warn(`NOT MEASURED, ${line}`);

const workload = { width: image.width, height: image.height, ...WORKLOAD, thumbnail: true, rounds };
const versions = Object.assign({}, ...peers.map((peer) => peer.versions));
await writeResult("tiling", {
  environment: { ...environment(versions), threads },
  workload,
  absent,
  results,
});

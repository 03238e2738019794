// @ts-check
// The 20 nearest of 100,000 rows of 1024 features by cosine similarity, beside scikit-learn's brute force on the same
// rows, in one run, taking turns. A turn takes a share of the 50,000 queries, because the work is the same for each
// and another load on the machine must fall on all; --queries 50000 takes them all.
//
//   node benchmarks/src/knn.mjs --python <python with scikit-learn>
//     [--queries 2048] [--bank 100000] [--rounds 5] [--threads 0]
//
// Needs the packages built. Writes benchmarks/results/knn.json.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { findNeighbours, rowsInMemory } from "@internvit/eval";
import { createNodeRuntime } from "@internvit/runtime-node";
import ort from "onnxruntime-node";

import { environment, ROOT, writeResult } from "./environment.mjs";
import { startPeer } from "./peer-process.mjs";
import { takeTurns } from "./take-turns.mjs";

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "python3" },
    queries: { type: "string", default: "2048" },
    bank: { type: "string", default: "100000" },
    rounds: { type: "string", default: "5" },
    threads: { type: "string", default: "0" },
  },
});
const [count, bankRows, rounds, threads] = [
  options.queries,
  options.bank,
  options.rounds,
  options.threads,
].map(Number);
const WIDTH = 1024;
const NEIGHBOURS = 20;
const ALL_QUERIES = 50_000;

/** Features in clusters, as those of pictures of classes are. @param {number} rows @param {number} seed */
function drawFeatures(rows = 0, seed = 0) {
  let state = seed;
  const draw = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const centres = Float32Array.from({ length: 1000 * WIDTH }, () => 0);
  state = 1;
  for (let at = 0; at < centres.length; at++) centres[at] = draw();
  state = seed;
  const data = new Float32Array(rows * WIDTH);
  for (let row = 0; row < rows; row++) {
    const centre = Math.floor(((draw() + 1) / 2) * 1000) * WIDTH;
    for (let at = 0; at < WIDTH; at++) {
      data[row * WIDTH + at] = 0.5 * (centres[centre + at] ?? 0) + draw();
    }
  }
  return data;
}

const bank = drawFeatures(bankRows, 7);
const queries = drawFeatures(count, 11);
const work = join(ROOT, ".cache/knn");
await mkdir(work, { recursive: true });
await writeFile(join(work, "bank.f32"), bank);
await writeFile(join(work, "queries.f32"), queries);

const runtime = createNodeRuntime({ threads: threads ?? 0 });
/** @type {Int32Array} */
let ownRows = new Int32Array();
const own = {
  name: "internvit",
  run: async () => {
    const rows = new Int32Array((count ?? 0) * NEIGHBOURS);
    const start = performance.now();
    for await (const found of findNeighbours(runtime, {
      queries: rowsInMemory(queries, { width: WIDTH }),
      bank: rowsInMemory(bank, { width: WIDTH }),
      neighbours: NEIGHBOURS,
    })) {
      rows.set(found.rows, found.start * NEIGHBOURS);
    }
    const ms = performance.now() - start;
    ownRows = rows;
    return ms;
  },
  close: () => {},
};

const script = fileURLToPath(new URL("./knn-sklearn.py", import.meta.url));
const parameters = [
  script,
  join(work, "bank.f32"),
  join(work, "queries.f32"),
  `${WIDTH}`,
  `${NEIGHBOURS}`,
  options.threads,
];
const python = await startPeer(options.python, parameters);
/** @param {string} form */
const peer = (form) => ({
  name: `scikit-learn, brute force, ${form}`,
  run: async () => {
    const output = join(work, "found.i32");
    const { ms } = await python.ask({ form, queries: count, output });
    return ms;
  },
  close: () => {},
});
const peers = [own, peer("cosine"), peer("euclidean of unit rows")];

/** Share of the neighbours, in their order, that are scikit-learn's. @param {string} form */
async function agreement(form) {
  await own.run();
  await peer(form).run();
  const bytes = await readFile(join(work, "found.i32"));
  const theirs = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return ownRows.reduce((same, row, at) => same + Number(row === theirs[at]), 0) / ownRows.length;
}

const sameRows = await agreement("euclidean of unit rows");
console.log("neighbours that are scikit-learn's, in order:", sameRows);
// The whole turn is one "picture" of takeTurns.
const turns = await takeTurns(peers, { batches: [1], rounds: rounds ?? 5 });
python.close();
const times = turns.map(({ peer: name, secondsPerImage, fastest, ratioToFirst }) => ({
  peer: name,
  seconds: secondsPerImage,
  fastest,
  ratioToFirst,
  queriesPerSecond: Math.round((count ?? 0) / secondsPerImage),
  secondsForAllQueries: Math.round((ALL_QUERIES / (count ?? 1)) * secondsPerImage),
}));
console.table(times);
await writeResult("knn", {
  environment: environment({
    "onnxruntime-node": ort.env.versions.node ?? "?",
    ...python.versions,
  }),
  workload: { queries: count, bank: bankRows, width: WIDTH, neighbours: NEIGHBOURS, threads },
  rounds,
  sameNeighbours: sameRows,
  peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  times,
});

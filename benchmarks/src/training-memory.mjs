// @ts-check
// Memory of a full training: 12 layers, 384 wide, 6 heads, 224 px, batch 8, AdamW on everything, as it is, with GELUs, with
// what is large and with blocks computed again, beside PyTorch eager and PyTorch with a checkpoint per block. Each
// in a process of its own; steps are taken in turns, so that another load on the machine falls on the times of all.
//
//   node benchmarks/src/training-memory.mjs --python <python with torch> [--rounds 5] [--threads 0]
//
// Needs the packages built, and Linux: memory is the resident set of /proc. On both sides it is counted from a baseline
// that has the weights and AdamW's two moments once. Ours also keeps the next state until the step is known to be good,
// where PyTorch overwrites; that is in "aboveStateMB" and left out of "activationsMB", of which the goals speak. Writes
// benchmarks/results/training-memory.json.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { environment, writeResult } from "./environment.mjs";
import { startPeer } from "./peer-process.mjs";
import { memoryOf } from "./resident.mjs";
import { takeTurns } from "./take-turns.mjs";

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "python3" },
    rounds: { type: "string", default: "5" },
    threads: { type: "string", default: "0" },
  },
});

/** @param {string} name */
const script = (name) => fileURLToPath(new URL(`./${name}`, import.meta.url));
const own = ["--expose-gc", script("training-memory-session.mjs")];
const torch = [script("training-memory-torch.py")];
const variants = [
  { peer: "PyTorch", program: options.python, parameters: [...torch, "plain"], states: 0 },
  {
    peer: "PyTorch, checkpoint per block",
    program: options.python,
    parameters: [...torch, "checkpoint"],
    states: 0,
  },
  { peer: "internvit", program: process.execPath, parameters: [...own, "plain"], states: 1 },
  {
    peer: "internvit, gelus",
    program: process.execPath,
    parameters: [...own, "gelus"],
    states: 1,
  },
  {
    peer: "internvit, largeActivations",
    program: process.execPath,
    parameters: [...own, "largeActivations"],
    states: 1,
  },
  {
    peer: "internvit, encoderBlocks",
    program: process.execPath,
    parameters: [...own, "encoderBlocks"],
    states: 1,
  },
];

/** @typedef {{ ms: number, loss: number, stateMB: number, baselineMB: number, peakMB: number }} Answer */
/** @type {Map<string, Answer>} */
const last = new Map();
/** @type {Record<string, string>} */
const versions = {};
const peers = [];
for (const { peer, program, parameters } of variants) {
  const child = await startPeer(program, [...parameters, options.threads]);
  Object.assign(versions, child.versions);
  peers.push({
    name: peer,
    async run() {
      /** @type {Answer} */
      const answer = await child.ask({});
      if (!Number.isFinite(answer.loss)) throw new Error(`${peer}: loss ${answer.loss}`);
      last.set(peer, answer);
      return answer.ms;
    },
    close: () => child.close(),
  });
}
// A step is one "picture" of takeTurns.
const turns = await takeTurns(peers, { batches: [1], rounds: Number(options.rounds) });

/** @type {ReturnType<typeof memoryOf> | undefined} */
let reference;
const rows = variants.map(({ peer, states }, at) => {
  const answer = last.get(peer);
  const turn = turns[at];
  if (answer === undefined || turn === undefined) throw new Error(`${peer} gave no answer`);
  const memory = memoryOf(answer, { nextStates: states });
  reference ??= memory;
  return {
    peer,
    ...memory,
    aboveStateToPyTorch: Number((memory.aboveStateMB / reference.aboveStateMB).toFixed(2)),
    activationsToPyTorch: Number((memory.activationsMB / reference.activationsMB).toFixed(2)),
    stepSeconds: turn.secondsPerImage,
    fastestStep: turn.fastest,
    stepToPyTorch: turn.ratioToFirst,
  };
});
console.table(rows);
await writeResult("training-memory", {
  environment: environment(versions),
  workload: {
    layers: 12,
    width: 384,
    heads: 6,
    side: 224,
    batch: 8,
    optimizer: "AdamW",
    threads: Number(options.threads),
  },
  rounds: Number(options.rounds),
  rows,
});

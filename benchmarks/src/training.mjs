// @ts-check
// Trainings against PyTorch on the CPU, eager, with the same numbers and as many threads, taking turns: a linear probe,
// thirteen at once, attention pooling, a whole encoder, and the operators of segmentation heads with their gradients.
// The first step of both is compared.
//
//   node benchmarks/src/training.mjs --python <python with torch, numpy, safetensors>
//     [--work <folder>] [--rounds 7] [--threads 4] [--cases <regular expression of names>]
//
// Needs the packages built. Writes benchmarks/results/training.json; --cases renews some of its rows.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import ort from "onnxruntime-node";

import { environment, ROOT, writeResult } from "./environment.mjs";
import { startPeer } from "./peer-process.mjs";
import { encoderCase } from "./training/encoder-case.mjs";
import { gridCase, poolingCase, probeCase } from "./training/head-cases.mjs";
import { openOperator, operatorCases } from "./training/operator-cases.mjs";
import { openTraining } from "./training/training-peers.mjs";
import { takeSteps } from "./training/turns.mjs";

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "" },
    work: { type: "string", default: join(ROOT, ".cache/training") },
    rounds: { type: "string", default: "7" },
    threads: { type: "string", default: "4" },
    cases: { type: "string", default: "" },
  },
});
const { work } = options;
const rounds = Number(options.rounds);
const threads = Number(options.threads);

const python = await startPeer(options.python, [
  fileURLToPath(new URL("training/torch_peer.py", import.meta.url)),
  options.threads,
]);
const setting = { python, work, threads };

/** Steps of one turn of an operator. */
const OPERATOR_STEPS = 10;

/** @typedef {{ case: string, title: string, threads: number, comparison: object, openMs?: number, sides: Awaited<ReturnType<typeof takeSteps>> }} Row */
/** @type {{ name: string, measure: () => Promise<Row> }[]} */
const cases = [
  ...[
    { name: "probe", build: () => probeCase({ norm: false }) },
    { name: "grid", build: () => gridCase({ norm: false }) },
    { name: "norm-probe", build: () => probeCase({ norm: true }) },
    { name: "norm-grid", build: () => gridCase({ norm: true }) },
    { name: "pooling", build: poolingCase },
    { name: "encoder", build: () => encoderCase(work) },
  ].map(({ name, build }) => ({
    name,
    async measure() {
      const training = await build();
      const { title, steps } = training;
      const { sides, comparison, openMs } = await openTraining(training, setting);
      const measured = await takeSteps(sides, { rounds, steps });
      return {
        case: name,
        title,
        threads,
        comparison,
        openMs: Math.round(openMs),
        sides: measured,
      };
    },
  })),
  ...operatorCases().map((operator) => ({
    name: operator.name,
    async measure() {
      const { sides, comparison } = await openOperator(operator, setting);
      const measured = await takeSteps(sides, { rounds, steps: OPERATOR_STEPS });
      return { case: operator.name, title: operator.title, threads, comparison, sides: measured };
    },
  })),
];

/** @type {{ rows: Row[] }} */
const known = await readFile(join(ROOT, "benchmarks/results/training.json"), "utf8").then(
  (text) => JSON.parse(text),
  () => ({ rows: [] }),
);
const wanted = new RegExp(options.cases);
const rows = [];
for (const { name, measure } of cases) {
  const old = known.rows.find((row) => row.case === name);
  if (!wanted.test(name)) {
    if (old !== undefined) rows.push(old);
    continue;
  }
  const row = await measure();
  console.log(row.title, JSON.stringify(row.comparison), row.openMs ?? "");
  console.table(row.sides);
  rows.push(row);
}
const { versions } = python;
python.close();
await writeResult("training", {
  environment: environment({ "onnxruntime-node": ort.env.versions.node ?? "?", ...versions }),
  workload: { rounds },
  rows,
});

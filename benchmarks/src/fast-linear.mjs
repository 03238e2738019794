// @ts-check
// `fast-linear` on 100,000 stored features of 2048 numbers and 1000 classes, one head and the grid of thirteen, beside
// PyTorch doing the same: batch norm and a linear layer for each rate, Nesterov, gradients clipped by head, batches of
// 1024, held-out pictures scored after each epoch. Ours is the whole run from the stored features on: reading shards,
// shuffling in windows, training, checkpoints, scores. PyTorch has all features in memory. In turns.
//
//   node benchmarks/src/fast-linear.mjs --python <python>
//     [--rows 100000] [--epochs 10] [--grid-epochs 2] [--rounds 1] [--threads 0] [--only one]
//
// Needs the packages built and 2 GB of disk. Writes benchmarks/results/fast-linear.json; --only renews one of its parts.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { NAMED_PROTOCOLS, runClassification } from "@internvit/eval";
import { folderStorage } from "@internvit/eval/node";
import { encodeSafetensors } from "@internvit/model-core";
import { createNodeRuntime } from "@internvit/runtime-node";
import ort from "onnxruntime-node";

import { chosenParts, environment, median, readResult, ROOT, writeResult } from "./environment.mjs";
import { startPeer } from "./peer-process.mjs";

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "python3" },
    rows: { type: "string", default: "100000" },
    epochs: { type: "string", default: "10" },
    "grid-epochs": { type: "string", default: "2" },
    rounds: { type: "string", default: "1" },
    threads: { type: "string", default: "0" },
    only: { type: "string", multiple: true },
  },
});
const [trained = 0, epochs = 0, gridEpochs = 0, rounds = 0, threads = 0] = [
  options.rows,
  options.epochs,
  options["grid-epochs"],
  options.rounds,
  options.threads,
].map(Number);
const [WIDTH, CLASSES, SHARD] = [2048, 1000, 1024];
const HELD_OUT = 0.1;
const PARTS = ["one", "grid"];
const chosen = chosenParts(PARTS, options.only);

/** The protocol holds a share of the pictures out; what is left are the rows that were asked for. */
const pictures = Math.round(trained / (1 - HELD_OUT));
const heldOut = pictures - trained;

/** Features in clusters, one for each class. */
function createFeatures() {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const centres = Float32Array.from({ length: CLASSES * WIDTH }, draw);
  return (/** @type {number} */ count, /** @type {number} */ first) => {
    state = first + 7;
    const data = new Float32Array(count * WIDTH);
    for (let row = 0; row < count; row++) {
      const centre = ((first + row) % CLASSES) * WIDTH;
      for (let at = 0; at < WIDTH; at++) {
        data[row * WIDTH + at] = 0.1 * (centres[centre + at] ?? 0) + draw();
      }
    }
    return data;
  };
}

/** Shards of rows from `first` on: the picture of a row is its number, its class that modulo the classes. */
async function writeShards(/** @type {string} */ folder) {
  const storage = folderStorage(folder);
  const features = createFeatures();
  for (const part of [
    { name: "train", first: 0, rows: trained },
    { name: "held-out", first: trained, rows: heldOut },
  ]) {
    for (let at = 0, shard = 0; at < part.rows; at += SHARD, shard++) {
      const rows = Math.min(SHARD, part.rows - at);
      const first = part.first + at;
      const data = features(rows, first);
      const index = Int32Array.from({ length: rows }, (_, row) => first + row);
      const name = `features/${part.name}/${String(shard).padStart(5, "0")}`;
      const bytes = encodeSafetensors(
        new Map([
          ["features", { dtype: "float32", shape: [rows, WIDTH], data }],
          ["index", { dtype: "int32", shape: [rows], data: index }],
        ]),
      );
      await storage.write(`${name}.safetensors`, new Uint8Array(Buffer.concat([...bytes])));
      await storage.write(
        `${name}.json`,
        new TextEncoder().encode(JSON.stringify({ rows, unreadable: [], seconds: 0 })),
      );
    }
  }
}

const features = await mkdtemp(join(tmpdir(), "internvit-fast-linear-"));
/** @type {Awaited<ReturnType<typeof startPeer>> | undefined} */
let peer;
try {
  await writeShards(features);
  peer = await startPeer(options.python, [
    join(ROOT, "benchmarks/src/fast-linear-torch.py"),
    features,
    String(threads),
  ]);
  const base = NAMED_PROTOCOLS["fast-linear"];
  if (base?.kind !== "features") throw new Error("fast-linear is no protocol of features");
  /** @type {{ found: { part: string }[] } | undefined} */
  const known = await readResult("fast-linear");
  const found = [];
  for (const part of PARTS) {
    if (!chosen.includes(part)) {
      found.push(...(known?.found ?? []).filter((row) => row.part === part));
      continue;
    }
    const rates = part === "one" ? [0.1] : base.grid.learningRates;
    const protocol = {
      ...base,
      epochs: part === "one" ? epochs : gridEpochs,
      grid: { ...base.grid, learningRates: rates },
    };
    /** @type {number[]} */
    const ours = [];
    /** @type {number[]} */
    const theirs = [];
    let top1 = {};
    for (let round = 0; round < rounds; round++) {
      const own = await runOurs(protocol);
      ours.push(own.seconds);
      const answer = await peer.ask({
        epochs: protocol.epochs,
        batch: base.batch,
        rates: rates.map((rate) => (rate * base.batch) / base.optimizer.rateBatch),
        warmup: Math.floor(trained / base.batch),
        clip: base.optimizer.maxGradNorm,
      });
      theirs.push(answer.seconds);
      top1 = { ours: own.heldOut, torch: answer.heldOut };
    }
    const pair = { ours: median(ours), torch: median(theirs) };
    const row = {
      part,
      epochs: protocol.epochs,
      seconds: pair,
      ratio: pair.ours / pair.torch,
      top1,
    };
    found.push(row);
    console.log(JSON.stringify(row));
  }
  await writeResult("fast-linear", {
    environment: environment({
      "onnxruntime-node": ort.env.versions.node ?? "?",
      ...peer.versions,
    }),
    rows: trained,
    heldOut,
    width: WIDTH,
    classes: CLASSES,
    rounds,
    found,
  });
} finally {
  peer?.close();
  await rm(features, { recursive: true, force: true });
}

/**
 * Seconds of the part that trains, held-out scores and checkpoints included.
 *
 * @param {import("@internvit/eval").FeaturesProtocol} protocol
 */
async function runOurs(protocol) {
  const shards = folderStorage(features);
  const state = await mkdtemp(join(tmpdir(), "internvit-fast-linear-run-"));
  const written = folderStorage(state);
  try {
    const outcome = await runClassification(protocol, {
      encoders: [encoderOfNothing()],
      runtime: createNodeRuntime({ threads }),
      train: setOfNothing(),
      val: [],
      decode: () => Promise.reject(new Error("nothing is decoded: the features are stored")),
      storage: {
        read: (name) => (name.startsWith("features/") ? shards : written).read(name),
        write: (name, bytes) => written.write(name, bytes),
      },
    });
    const { seconds = 0 } = outcome.times.parts.find(({ name }) => name === "training") ?? {};
    return { seconds, heldOut: outcome.grid.map((entry) => entry.heldOut) };
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

async function nothing() {}

/** Pictures with a class each and no bytes. @returns {import("@internvit/eval").ClassificationSet} */
function setOfNothing() {
  return {
    name: "stored",
    origin: "nowhere",
    classes: Array.from({ length: CLASSES }, (_, label) => String(label)),
    length: pictures,
    listHash: "0".repeat(64),
    picture: async (index) => ({ index, key: String(index), labels: [index % CLASSES] }),
    read: () => Promise.reject(new Error("there are no bytes")),
    dispose: nothing,
    [Symbol.asyncDispose]: nothing,
  };
}

/** What the run asks an encoder for when all features are stored. */
function encoderOfNothing() {
  const encoder = {
    config: { hiddenSize: WIDTH / 2, patchSize: 14, numAttentionHeads: 16 },
    info: {
      inputSize: { width: 448, height: 448 },
      checkpoint: "nothing",
      executionProvider: "cpu",
      dtype: "float32",
    },
    encode: () => Promise.reject(new Error("nothing is encoded: the features are stored")),
  };
  return /** @type {import("@internvit/model-core").VisionEncoder} */ (
    /** @type {unknown} */ (encoder)
  );
}

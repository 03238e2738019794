// @ts-check
// The classification protocols beside PyTorch, which is given the very same inputs: for fast-linear the features, their
// order and the initial head; for the report's two the augmented and mixed pixels, the targets and the initial head. A
// synthesized encoder of 12 layers, 384 wide, at 112 px; the loss of every tenth step, top-1 on the pictures that are
// not trained on. Random weights: the numbers say that both compute the same, not what an encoder knows.
//
//   node benchmarks/src/classification-curves.mjs --data <cifar10 with train/ and test/> --python <python>
//     [--batch 128] [--epochs 2] [--fast-epochs 10] [--sessions 4] [--threads 0] [--only fast-linear]
//
// Needs the packages built. Writes benchmarks/results/curves-<protocol>.json.

import { execFile } from "node:child_process";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";

import {
  encodeHead,
  encoderOutputs,
  evaluationCrop,
  initialHead,
  memoryStorage,
  NAMED_PROTOCOLS,
  runClassification,
} from "@internvit/eval";
import { openClassificationSet } from "@internvit/eval/node";
import { bytesSource, readSafetensorsHeader, readTensor } from "@internvit/model-core";
import { decodeImage } from "@internvit/preprocess/sharp";
import { createNodeRuntime, createVisionEncoder } from "@internvit/runtime-node";

import { environment, ROOT, writeResult } from "./environment.mjs";
import { startPython } from "./python-peer.mjs";
import { recordRun } from "./recorded-run.mjs";
import { smallEncoder } from "./small-encoder.mjs";

const { values: options } = parseArgs({
  options: {
    data: { type: "string", default: "cifar10" },
    python: { type: "string", default: process.env["INTERNVIT_PYTHON"] ?? "python3" },
    batch: { type: "string", default: "128" },
    epochs: { type: "string", default: "2" },
    "fast-epochs": { type: "string", default: "10" },
    sessions: { type: "string", default: "4" },
    threads: { type: "string", default: "0" },
    only: { type: "string", multiple: true },
  },
});
const [batch = 0, epochs = 0, fastEpochs = 0, sessions = 0, threads = 0] = [
  options.batch,
  options.epochs,
  options["fast-epochs"],
  options.sessions,
  options.threads,
].map(Number);
const SIZE = 112;
const CONFIG = smallEncoder(SIZE);

const folder = await mkdtemp(join(tmpdir(), "internvit-curves-"));
/** @type {Awaited<ReturnType<typeof startPython>> | undefined} */
let peer;
try {
  const checkpoint = join(folder, "encoder");
  await writeFile(join(folder, "config.json"), JSON.stringify(CONFIG));
  const program = join(ROOT, "packages/cli/bin/internvit.js");
  const weights = ["--dtype", "f32", "--seed", "1", "--output", checkpoint];
  const synthesize = [program, "synthesize", join(folder, "config.json"), ...weights];
  await promisify(execFile)(process.execPath, synthesize);
  peer = await startPython(options.python, [
    join(ROOT, "benchmarks/src/classification-torch.py"),
    checkpoint,
    String(threads),
  ]);
  const train = await openClassificationSet(join(options.data, "train"), { split: "train" });
  const val = await openClassificationSet(join(options.data, "test"), {
    classes: train.classes,
  });
  const named = ["fast-linear", "report-linear", "report-attention-pooling"];
  for (const name of options.only ?? named) {
    const found = await compare(name, { checkpoint, train, val, peer });
    await writeResult(`curves-${name}`, {
      ...environment({ ...peer.versions }),
      encoder: "12 layers, 384 wide, 112 px, seeded random weights",
      train: train.length,
      val: val.length,
      batch,
      ...found,
    });
    console.log(name, JSON.stringify(found));
  }
  await Promise.all([train.dispose(), val.dispose()]);
} finally {
  peer?.close();
  await rm(folder, { recursive: true, force: true });
}

/**
 * Our run and the peer's, compared.
 *
 * @param {string} name
 * @param {{ checkpoint: string, train: import("@internvit/eval").ClassificationSet, val: import("@internvit/eval").ClassificationSet, peer: Awaited<ReturnType<typeof startPython>> }} parts
 */
async function compare(name, { checkpoint, train, val, peer: python }) {
  const own = join(folder, name);
  await mkdir(own);
  const base = NAMED_PROTOCOLS[name];
  if (base === undefined || base.kind === "neighbours") throw new Error(`no head in ${name}`);
  const protocol = { ...base, batch, epochs: base.kind === "features" ? fastEpochs : epochs };
  const encoders = await Promise.all(
    Array.from({ length: sessions }, () =>
      createVisionEncoder(checkpoint, {
        outputs: encoderOutputs(protocol),
        batchSize: 8,
        threads: 1,
      }),
    ),
  );
  const recorded = recordRun({ encoders, runtime: createNodeRuntime({ threads }) }, own);
  const storage = memoryStorage();
  const begin = performance.now();
  const outcome = await runClassification(protocol, {
    encoders: recorded.encoders,
    runtime: recorded.runtime,
    train,
    val: [val],
    decode: async (bytes, { subject }) => (await decodeImage(bytes, { subject })).image,
    storage,
  });
  const seconds = (performance.now() - begin) / 1e3;
  const steps = await recorded.finish();
  await Promise.all(encoders.map((encoder) => encoder.dispose()));

  const form = {
    kind: protocol.head,
    width: CONFIG.hidden_size,
    classes: train.classes.length,
    heads: CONFIG.num_attention_heads,
  };
  const { parameters, buffers } = initialHead(form, { seed: protocol.seed });
  const initial = encodeHead({ ...parameters, ...buffers }, { updates: 0, metadata: {} });
  await writeFile(join(own, "initial.safetensors"), initial);
  const sets = { [val.name]: val.length };
  if (protocol.kind === "features") {
    await writeFeatures(own, { storage, set: val, from: `val-${val.name}`, name: val.name });
    sets["held-out"] = await writeFeatures(own, {
      storage,
      set: train,
      from: "held-out",
      name: "held-out",
    });
  } else await writePixels(own, val);
  const { optimizer } = protocol;
  const perEpoch = steps / protocol.epochs;
  const rates =
    protocol.kind === "features" ? protocol.grid.learningRates : [protocol.learningRate];
  const answer = await python.ask({
    kind: protocol.kind === "features" ? "features" : protocol.head,
    folder: own,
    batch,
    classes: form.classes,
    steps,
    perEpoch,
    rates: rates.map((rate) => (rate * batch) / optimizer.rateBatch),
    warmup: Math.round(optimizer.schedule.warmupEpochs * perEpoch),
    oneBehind: optimizer.schedule.oneUpdateBehind,
    ema: optimizer.averageDecay,
    clip: optimizer.maxGradNorm,
    sets,
  });

  const curves = outcome.curves.filter((curve) => curve.name === "training loss");
  // Of every head: the largest relative difference at the first and every tenth step, from PyTorch in float32 and in
  // float64, and PyTorch's own between the two.
  const gaps = curves.map(({ points }, head) => {
    const steps = points.filter(([step]) => step === 1 || step % 10 === 0);
    /** @param {(step: number, loss: number) => readonly [number, number]} pair */
    const largest = (pair) =>
      Math.max(
        ...steps.map(([step, loss]) => {
          const [first, second] = pair(step, loss);
          return Math.abs(first - second) / second;
        }),
      );
    const parts = points.find(([step, loss]) => {
      const theirs = answer.losses[step - 1][head];
      return Math.abs(loss - theirs) / theirs > 1e-3;
    });
    return {
      rate: rates[head],
      // The first step with a difference above 1e-3.
      parts: parts?.[0],
      torch: largest((step, loss) => [loss, answer.losses[step - 1][head]]),
      double: largest((step, loss) => [loss, answer.doubles[step - 1][head]]),
      torchOfDouble: largest((step) => [
        answer.losses[step - 1][head],
        answer.doubles[step - 1][head],
      ]),
    };
  });
  const last = answer.epochs.at(-1)[val.name];
  const top1 = (outcome.sets[0]?.scores ?? []).slice(0, 2).map((score) => score.top1);
  const chosen = outcome.grid.findIndex((entry) => entry.chosen);
  return {
    steps,
    seconds,
    lossGaps: gaps,
    lastLoss: {
      ours: curves[Math.max(chosen, 0)]?.points.at(-1)?.[1],
      torch: answer.losses.at(-1)[Math.max(chosen, 0)],
    },
    top1:
      protocol.kind === "features"
        ? { ours: top1, torch: last[chosen] }
        : { ours: top1, torch: last[0] },
    ...(protocol.kind === "features" && {
      heldOut: {
        ours: outcome.grid.map((entry) => entry.heldOut),
        torch: answer.epochs.at(-1)["held-out"].flat(),
      },
      chosen: rates[chosen],
    }),
  };
}

/**
 * Stored features and their labels, in the order in which they are stored.
 *
 * @param {string} own
 * @param {{ storage: import("@internvit/eval").RunStorage, set: import("@internvit/eval").ClassificationSet, from: string, name: string }} what
 */
async function writeFeatures(own, { storage, set, from, name }) {
  const rows = [];
  const labels = [];
  for (let shard = 0; ; shard++) {
    const path = `features/${from}/${String(shard).padStart(5, "0")}.safetensors`;
    const bytes = await storage.read(path);
    if (bytes === undefined) break;
    const source = bytesSource(bytes);
    const { tensors } = await readSafetensorsHeader(source, { subject: path });
    const [features, index] = [tensors.get("features"), tensors.get("index")];
    if (features === undefined || index === undefined) throw new Error(`${path} is no shard`);
    const { data } = await readTensor(source, features);
    rows.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    for (const picture of (await readTensor(source, index)).data) {
      labels.push(BigInt((await set.picture(Number(picture))).labels[0] ?? -1));
    }
  }
  await writeFile(join(own, `${name}.bin`), Buffer.concat(rows));
  await writeFile(join(own, `${name}-labels.bin`), BigInt64Array.from(labels));
  return labels.length;
}

/** The centre crops of a set, as bytes. @param {string} own @param {import("@internvit/eval").ClassificationSet} set */
async function writePixels(own, set) {
  const pixels = [];
  const labels = [];
  for (let at = 0; at < set.length; at++) {
    const { labels: right, key } = await set.picture(at);
    const { image } = await decodeImage(await set.read(at), { subject: key });
    pixels.push(evaluationCrop(image, { size: SIZE }).data);
    labels.push(BigInt(right[0] ?? -1));
  }
  await writeFile(join(own, `${set.name}.bin`), Buffer.concat(pixels));
  await writeFile(join(own, `${set.name}-labels.bin`), BigInt64Array.from(labels));
}

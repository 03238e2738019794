// @ts-check
// Our side of the segmentation benchmark, a setting in a process of its own. Its face is that of
// segmentation/torch_peer.py: the first line says versions; {"do": "iteration" | "head", "steps"} a line in,
// {"ms", "cpuMs", "loss", "stateMB", "baselineMB", "peakMB"} a line out.
//
//   node --expose-gc benchmarks/src/segmentation-session.mjs <{"setting", "encoder", "threads", "plan"}>

import { createInterface } from "node:readline";

import { SEGMENTATION_NORMALIZATION } from "@internvit/eval";
import { createNodeRuntime, createVisionEncoder, openCheckpoint } from "@internvit/runtime-node";
import { createTrainingSession } from "@internvit/train";
import ort from "onnxruntime-node";

import { residentMB, startPeak } from "./resident.mjs";
import { drawnBatch } from "./segmentation/drawn-batch.mjs";
import {
  protocolOf,
  segmentationTraining,
  SIZE,
  tapInputs,
  tapOutputs,
  tapsOf,
} from "./segmentation/settings.mjs";
import { timeSteps } from "./training/turns.mjs";

const { setting, encoder: folder, threads, plan } = JSON.parse(process.argv[2] ?? "");
const protocol = protocolOf(setting, plan);
const taps = tapsOf(protocol);
const { pixels, labels } = drawnBatch(plan.batch);

/** The session, and no other reference to the weights that it began with. */
async function begin() {
  const checkpoint = await openCheckpoint(folder);
  const { options, masks } = await segmentationTraining(protocol, checkpoint);
  const values = Object.values(options.model.parameters);
  const floats = values.reduce((sum, { data }) => sum + data.length, 0);
  const session = await createTrainingSession(createNodeRuntime({ threads }), options);
  return { session, masks: masks(0), stateMB: (3 * 4 * floats) / 1e6 };
}

async function openFrozen() {
  return createVisionEncoder(folder, {
    outputs: tapOutputs(taps),
    inputSize: { height: SIZE, width: SIZE },
    normalization: SEGMENTATION_NORMALIZATION,
    threads,
  });
}

const { session, masks, stateMB } = await begin();
const frozen = protocol.encoder.trained ? undefined : await openFrozen();

/** @returns {Promise<import("@internvit/train").Tensors>} */
async function seen() {
  if (frozen === undefined) return { pixel_values: pixels };
  return tapInputs(await frozen.encode(pixels), taps);
}

const baselineMB = await startPeak();
console.log(JSON.stringify({ "onnxruntime-node": ort.env.versions.node ?? "?" }));

let loss = Number.NaN;
for await (const line of createInterface({ input: process.stdin })) {
  const { do: what, steps } = JSON.parse(line);
  const kept = what === "head" ? await seen() : undefined;
  const times = await timeSteps(steps, async () => {
    ({ loss } = await session.step({ ...(kept ?? (await seen())), labels, ...masks }));
  });
  const memory = { stateMB, baselineMB, peakMB: residentMB("VmHWM") };
  console.log(JSON.stringify({ ...times, loss, ...memory }));
}
await session.dispose();
await frozen?.dispose();

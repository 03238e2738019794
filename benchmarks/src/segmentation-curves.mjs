// @ts-check
// The three segmentation protocols beside PyTorch, which is given the very same crops, labels, dropped channels and
// branches, and first values: a synthesized encoder of 12 layers, 384 wide, crops of 224 px, UperNet with 128 channels,
// on CamVid. The loss of every twentieth iteration, and mean IoU on the pictures that are not trained on, in sliding
// windows on both sides. Random weights: the numbers say that both compute the same, not what an encoder knows.
//
//   node benchmarks/src/segmentation-curves.mjs --data <camvid with train/, trainannot/, val/, valannot/>
//     --python <python with torch, safetensors> [--work <folder>] [--iterations 200] [--batch 4] [--threads 4]
//     [--only linear] [--double]
//
// --double lets PyTorch compute in float64 as well: how far rounding alone leads. Needs the packages built. Writes
// benchmarks/results/segmentation-curves-<setting>.json.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import {
  memoryStorage,
  readSegmentationSample,
  resizeForTest,
  runSegmentation,
  SEGMENTATION_NORMALIZATION,
} from "@internvit/eval";
import { openSegmentationSet } from "@internvit/eval/node";
import { encodeSafetensors } from "@internvit/model-core";
import { decodeImage } from "@internvit/preprocess/sharp";
import { createNodeRuntime, createVisionEncoder } from "@internvit/runtime-node";
import ort from "onnxruntime-node";

import { chosenParts, environment, writeResult } from "./environment.mjs";
import { startPeer } from "./peer-process.mjs";
import { recordSteps } from "./segmentation/recorded-steps.mjs";
import {
  ENCODER,
  peerSettings,
  protocolOf,
  segmentationTraining,
  SETTINGS,
  SIZE,
} from "./segmentation/settings.mjs";
import { COMMON_OPTIONS, openSmallModel } from "./segmentation/small-model.mjs";
import { SMALL_ENCODER } from "./small-encoder.mjs";

const { values: options } = parseArgs({
  options: {
    data: { type: "string", default: process.env["INTERNVIT_SCENES"] ?? "camvid" },
    ...COMMON_OPTIONS,
    iterations: { type: "string", default: "200" },
    batch: { type: "string", default: "4" },
    only: { type: "string", multiple: true },
    double: { type: "boolean", default: false },
  },
});
const [iterations = 0, batch = 0, threads = 0] = [
  options.iterations,
  options.batch,
  options.threads,
].map(Number);
const chosen = chosenParts(Object.keys(SETTINGS), options.only);
/** CamVid's, in the order of the labels; the last one is what nothing is labelled with. */
const NAMES =
  "sky building pole road pavement tree sign fence car pedestrian bicyclist unlabelled".split(" ");
/** The recipes' 4e-5 is for 80,000 iterations. @type {Readonly<Record<string, number>>} */
const RATES = { linear: 1e-3, head: 1e-4, full: 4e-5 };
/** Largest relative difference of losses, and of mean IoU in points. @type {Readonly<Record<string, number>>} */
const LIMITS = { linear: 0.01, head: 0.01, full: 0.03 };
const IOU_LIMIT = 0.5;
const EVERY = 20;

const { encoder, checkpoint } = await openSmallModel(options.work);
const own = { classes: NAMES, ignored: NAMES.length - 1 };
const train = await openSegmentationSet(options.data, { ...own, split: "train" });
const val = await openSegmentationSet(options.data, { ...own, split: "val" });
/** @type {import("@internvit/eval").DecodePicture} */
const decode = async (bytes, { subject }) => (await decodeImage(bytes, { subject })).image;

const folder = await mkdtemp(join(tmpdir(), "internvit-segmentation-"));
const script = fileURLToPath(new URL("segmentation/torch_curves.py", import.meta.url));
const peer = await startPeer(options.python, [script, options.threads]);
try {
  await writeScored();
  for (const setting of chosen) {
    const found = await compare(setting);
    await writeResult(`segmentation-curves-${setting}`, {
      environment: environment({
        "onnxruntime-node": ort.env.versions.node ?? "?",
        ...peer.versions,
      }),
      encoder: SMALL_ENCODER,
      train: train.length,
      val: val.length,
      ...found,
    });
    const { losses, protocol: _, ...rest } = found;
    console.table(losses);
    console.log(setting, rest);
  }
} finally {
  peer.close();
  await Promise.all([train.dispose(), val.dispose()]);
  await rm(folder, { recursive: true, force: true });
}

/** The pictures that are scored, as both sides see them, and their labels. */
async function writeScored() {
  for (let index = 0; index < val.length; index++) {
    const { image, label } = await readSegmentationSample(val, { index, decode });
    const resized = resizeForTest(image, { shortSide: SIZE, multiple: ENCODER.patch_size });
    const tensors = new Map(
      Object.entries({ pixels: { ...resized, depth: [3] }, labels: { ...label, depth: [] } }).map(
        ([name, { width, height, depth, data }]) => [
          name,
          { dtype: /** @type {const} */ ("uint8"), shape: [height, width, ...depth], data },
        ],
      ),
    );
    await writeFile(join(folder, `val-${index}.safetensors`), [...encodeSafetensors(tensors)]);
  }
}

/** Our run and the peer's. @param {string} setting */
async function compare(setting) {
  const rate = RATES[setting] ?? Number.NaN;
  const protocol = protocolOf(setting, { batch, rate, iterations, warmup: EVERY });
  const steps = join(folder, setting);
  await mkdir(steps);
  const recorded = recordSteps(createNodeRuntime({ threads }), steps);
  const begin = performance.now();
  const outcome = await runSegmentation(protocol, {
    checkpoint,
    model: { name: "small", checkpointHash: null },
    openEncoders: async ({ inputSize, outputs }) =>
      recorded.watch([
        await createVisionEncoder(encoder, {
          inputSize,
          outputs,
          normalization: SEGMENTATION_NORMALIZATION,
          threads,
        }),
      ]),
    runtime: recorded.runtime,
    train,
    val,
    decode,
    storage: memoryStorage(),
  });
  const seconds = (performance.now() - begin) / 1e3;
  if (recorded.steps() !== iterations) throw new Error(`${recorded.steps()} steps were recorded`);
  const { initial } = await segmentationTraining(protocol, checkpoint);
  await writeFile(join(steps, "initial.safetensors"), initial());

  /** @type {{ losses: number[], meanIou: number, doubles?: number[], seconds: number }} */
  const answer = await peer.ask({
    config: ENCODER,
    settings: peerSettings(protocol),
    folder: steps,
    scored: folder,
    pictures: val.length,
    double: options.double,
  });
  await rm(steps, { recursive: true });

  const curve = outcome.curves.find(({ name }) => name === "training loss")?.points ?? [];
  const losses = curve
    .filter(([step]) => step === 1 || step % EVERY === 0)
    .map(([step, loss]) => {
      const torch = answer.losses[step - 1] ?? Number.NaN;
      const double = answer.doubles?.[step - 1];
      return {
        step,
        internvit: loss,
        torch,
        difference: Math.abs(loss - torch) / torch,
        ...(double !== undefined && { torchOfDouble: Math.abs(torch - double) / double }),
      };
    });
  const largest = Math.max(...losses.map(({ difference }) => difference));
  const scored = outcome.val.scores.at(-1);
  const meanIou = { internvit: 100 * (scored?.meanIou ?? Number.NaN), torch: 100 * answer.meanIou };
  const limit = LIMITS[setting] ?? 0;
  const apart = Math.abs(meanIou.internvit - meanIou.torch);
  return {
    protocol,
    losses,
    largestDifference: largest,
    limit,
    meanIou,
    seconds: { internvit: seconds, torch: answer.seconds },
    within: largest <= limit && apart <= IOU_LIMIT,
  };
}

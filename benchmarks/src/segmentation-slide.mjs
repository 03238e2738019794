// @ts-check
// Pictures segmented in sliding windows beside PyTorch on the CPU, from decoded bytes to the class of every pixel of a
// picture of 1024 by 683: the recipes' 504 px windows, 322 px apart, of the picture with 504 px on its shorter side; an
// encoder of 12 layers, 384 wide; the linear head with 11 and with 150 classes, UperNet with 128 channels and 150.
// PyTorch's side is MMSegmentation's slide inference after OpenCV's resize. Both take turns.
//
//   node benchmarks/src/segmentation-slide.mjs --python <python with torch, safetensors, cv2> [--work <folder>]
//     [--picture <file>] [--rounds 5] [--threads 4]
//
// Needs the packages built. Writes benchmarks/results/segmentation-slide.json.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import {
  createSegmenter,
  encodeHeadFacts,
  encodeSegmentationHead,
  readSegmentationHead,
  SEGMENTATION_NORMALIZATION,
} from "@internvit/eval";
import { encodeSafetensors } from "@internvit/model-core";
import { decodeImage } from "@internvit/preprocess/sharp";
import { createNodeRuntime, createVisionEncoder } from "@internvit/runtime-node";
import ort from "onnxruntime-node";

import { environment, ROOT, writeResult } from "./environment.mjs";
import { startPeer } from "./peer-process.mjs";
import {
  ENCODER,
  peerSettings,
  protocolOf,
  segmentationTraining,
  strideOf,
  tapsOf,
} from "./segmentation/settings.mjs";
import { COMMON_OPTIONS, openSmallModel } from "./segmentation/small-model.mjs";
import { SMALL_ENCODER } from "./small-encoder.mjs";
import { takeSteps, timeSteps } from "./training/turns.mjs";

const { values: options } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    picture: { type: "string", default: join(ROOT, "fixtures/images/photo-420.jpg") },
    rounds: { type: "string", default: "5" },
  },
});
const [rounds = 0, threads = 0] = [options.rounds, options.threads].map(Number);
const { work } = options;
const WINDOW = 504;
const CASES = [
  { setting: "linear", classes: 11 },
  { setting: "linear", classes: 150 },
  { setting: "head", classes: 150 },
];
/** Pictures of one turn. */
const PICTURES = 2;
/** Share of pixels that rounding may decide otherwise: where two classes are nearly equal. */
const AGREEMENT = 1e-3;

const { encoder, checkpoint } = await openSmallModel(work);
const { image } = await decodeImage(await readFile(options.picture), { subject: options.picture });
const python = await startPeer(options.python, [
  fileURLToPath(new URL("segmentation/torch_slide.py", import.meta.url)),
  options.threads,
]);
const runtime = createNodeRuntime({ threads });

/** @param {(typeof CASES)[number]} what */
async function measure({ setting, classes }) {
  const plan = { batch: 2, rate: 1e-4, iterations: 1, warmup: 0, size: WINDOW };
  const protocol = protocolOf(setting, plan);
  const { form, state, initial } = await segmentationTraining(protocol, checkpoint, classes);
  const facts = encodeHeadFacts({
    form,
    classes: Array.from({ length: classes }, (_, at) => `class ${at}`),
    blocks: tapsOf(protocol),
    inference: protocol.inference,
    protocol: { name: protocol.name, hash: "0".repeat(64) },
    iteration: 0,
    encoder: { name: "small", checkpointHash: null, trained: false, config: ENCODER },
  });
  const weights = { ...state.parameters, ...state.buffers };
  const bytes = encodeSegmentationHead(weights, { updates: 0, metadata: facts });
  const segmenter = await createSegmenter(runtime, {
    head: await readSegmentationHead(bytes, { subject: "head" }),
    openEncoders: async ({ inputSize, outputs }) => [
      await createVisionEncoder(encoder, {
        inputSize,
        outputs,
        normalization: SEGMENTATION_NORMALIZATION,
        threads,
      }),
    ],
  });
  const files = {
    initial: join(work, "slide-initial.safetensors"),
    picture: join(work, "slide-picture.safetensors"),
    labels: join(work, "slide-labels.bin"),
  };
  await writeFile(files.initial, initial());
  const shape = [image.height, image.width, 3];
  const pixels = { dtype: /** @type {const} */ ("uint8"), shape, data: image.data };
  await writeFile(files.picture, [...encodeSafetensors(new Map([["pixels", pixels]]))]);
  await python.ask({
    do: "open",
    config: ENCODER,
    settings: peerSettings(protocol, classes),
    ...files,
  });

  const { data: own } = await segmenter.segment(image);
  await python.ask({ do: "labels", path: files.labels });
  const theirs = await readFile(files.labels);
  const differ = own.reduce((sum, label, at) => sum + (label === theirs[at] ? 0 : 1), 0);
  if (own.length !== theirs.length || differ / own.length > AGREEMENT) {
    throw new Error(`${setting}, ${classes} classes: ${differ} of ${own.length} pixels differ`);
  }
  const sides = await takeSteps(
    [
      ...["eager", "sdpa"].map((form) => ({
        name: `PyTorch, ${form}`,
        run: (/** @type {number} */ steps) => python.ask({ do: "run", form, steps }),
        close: () => undefined,
      })),
      {
        name: "internvit",
        run: (steps) => timeSteps(steps, () => segmenter.segment(image)),
        close: () => segmenter.dispose(),
      },
    ],
    { rounds, steps: PICTURES },
  );
  return {
    head: setting === "linear" ? "linear" : "UperNet, 128 channels",
    classes,
    threads,
    labels: new Set(own).size,
    pixelsThatDiffer: differ,
    sides: sides.map((side) => ({
      ...side,
      picturesPerSecond: Number((1e3 / side.ms).toFixed(3)),
    })),
  };
}

const rows = [];
for (const what of CASES) {
  const row = await measure(what);
  const { sides, ...rest } = row;
  console.log(JSON.stringify(rest));
  console.table(sides);
  rows.push(row);
}
python.close();
await writeResult("segmentation-slide", {
  environment: environment({
    "onnxruntime-node": ort.env.versions.node ?? "?",
    ...python.versions,
  }),
  workload: {
    encoder: SMALL_ENCODER,
    picture: [image.width, image.height],
    window: WINDOW,
    stride: strideOf(WINDOW),
    rounds,
  },
  rows,
});

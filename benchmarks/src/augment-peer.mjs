// @ts-check
// This project's side of the augmentation benchmark, in a process of its own. Its face is that of augment-peer.py:
// {"task", "files", "size", "hashes", …} a line in, {"ms", "cpuMs", "hashes", "stages"} a line out. The hashes are of the bytes
// before normalisation, and of the labels.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import {
  applyResizedCrop,
  applySegmentation,
  drawResizedCrop,
  drawSegmentation,
  packSegmentation,
} from "@internvit/eval";
import { IMAGENET_NORMALIZATION, toPixelValues } from "@internvit/preprocess";
import { configureSharp, decodeImage } from "@internvit/preprocess/sharp";

import { readLabel } from "./augment-label.mjs";

/** @type {Record<string, number>} milliseconds since the last request */
const stages = {};
let last = 0;
/** The time since the last stage belongs to this one. @param {string} stage */
function ended(stage) {
  const now = performance.now();
  stages[stage] = (stages[stage] ?? 0) + now - last;
  last = now;
}

// Memory that is used again, as a loop over batches would.
const floats = new Float32Array(3 * 448 * 448);
const data = new Uint8Array(448 * 448 * 3);
/** @param {{ image: string }} file @param {import("@internvit/eval").SampleKey} key @param {boolean} normalised */
async function crop(file, key, normalised) {
  // Not asynchronously: a thread that does nothing else has nothing to do meanwhile.
  const bytes = readFileSync(file.image);
  ended("read");
  const { image } = await decodeImage(bytes);
  ended("decode");
  const part = applyResizedCrop(image, drawResizedCrop(image, key), { data });
  ended("crop, resize and flip");
  if (normalised) toPixelValues([part], IMAGENET_NORMALIZATION, { data: floats });
  ended("normalise");
  return [part.data];
}

const memory = { pixelValues: new Float32Array(3 * 504 * 504), labels: new Uint8Array(504 * 504) };
/** @param {{ image: string, label: string }} file @param {import("@internvit/eval").SampleKey} key */
async function segment(file, key) {
  const { image } = await decodeImage(readFileSync(file.image));
  const label = readLabel(file.label);
  ended("decode both");
  const draw = drawSegmentation(label, key);
  ended("draw");
  const sample = applySegmentation({ image, label }, draw);
  ended("resize, crop, flip and distort");
  packSegmentation([sample], memory);
  ended("normalise and pad");
  return [sample.image.data, sample.label.data];
}

configureSharp();
console.log(JSON.stringify({}));
for await (const line of createInterface({ input: process.stdin })) {
  const { task, files, seed, epoch, hashes: withHashes } = JSON.parse(line);
  for (const stage of Object.keys(stages)) delete stages[stage];
  /** @type {string[]} */
  const hashes = [];
  const start = performance.now();
  const startUsage = process.cpuUsage();
  for (const [index, file] of files.entries()) {
    last = performance.now();
    const key = { seed, epoch, index };
    const made =
      task === "segmentation"
        ? await segment(file, key)
        : await crop(file, key, task === "crop to floats");
    if (!withHashes) continue;
    const hash = createHash("sha256");
    for (const data of made) hash.update(data);
    hashes.push(hash.digest("hex"));
  }
  const ms = performance.now() - start;
  const usage = process.cpuUsage(startUsage);
  const cpuMs = (usage.user + usage.system) / 1e3;
  console.log(JSON.stringify({ ms, cpuMs, hashes: withHashes ? hashes : null, stages }));
}

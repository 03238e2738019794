// @ts-check
// One JavaScript peer of the decode benchmark in a process of its own, so that nobody pays for another's garbage. Its
// face is that of resize-pillow.py: {"files", "side", "hashes"} a line in, {"ms", "hashes", "stages"} a line out.
//
//   node decode-peer.mjs internvit | internvit-new-memory | transformers.js <folder>

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

import {
  clipCrop,
  IMAGENET_NORMALIZATION,
  parseImageProcessorConfig,
  toPixelValues,
} from "@internvit/preprocess";
import { configureSharp, decodeImage } from "@internvit/preprocess/sharp";

import { openTransformersJs } from "./resize-peers.mjs";

/** @typedef {(file: string) => Promise<Float32Array>} ToValues the values may be overwritten by the next call */
/** @typedef {Record<string, number>} Stages milliseconds since the last request */

/** @param {boolean} newMemory @param {number} side @param {Stages} stages @returns {ToValues} */
function internvit(newMemory, side, stages) {
  configureSharp();
  const config = parseImageProcessorConfig({ size: side, crop_size: side });
  const data = new Float32Array(3 * side * side);
  const add = (/** @type {string} */ stage, /** @type {number} */ since) => {
    const now = performance.now();
    stages[stage] = (stages[stage] ?? 0) + now - since;
    return now;
  };
  return async (file) => {
    let now = performance.now();
    const bytes = await readFile(file);
    now = add("read", now);
    const { image } = await decodeImage(bytes);
    now = add("decode", now);
    const crop = clipCrop(image, config);
    now = add("resize and crop", now);
    const options = newMemory ? {} : { data };
    const values = toPixelValues([crop], IMAGENET_NORMALIZATION, options);
    add("normalise", now);
    return values.data;
  };
}

/** @param {Stages} stages @returns {Promise<{ versions: Record<string, string>, open: (side: number) => Promise<ToValues> }>} */
async function choosePeer(stages) {
  const [name, folder = ""] = process.argv.slice(2);
  if (name === "transformers.js") {
    const { version } = await openTransformersJs(folder, 1);
    const open = async (/** @type {number} */ side) => {
      const { RawImage, processor } = await openTransformersJs(folder, side);
      return async (/** @type {string} */ file) =>
        (await processor([await RawImage.read(file)])).pixel_values.data;
    };
    return { versions: { "transformers.js": version }, open };
  }
  const newMemory = name === "internvit-new-memory";
  return { versions: {}, open: async (side) => internvit(newMemory, side, stages) };
}

/** @type {Stages} */
const stages = {};
const { versions, open } = await choosePeer(stages);
console.log(JSON.stringify(versions));
/** @type {ToValues | undefined} */
let toValues;
for await (const line of createInterface({ input: process.stdin })) {
  const { files, side, hashes: withHashes } = JSON.parse(line);
  toValues ??= await open(side);
  const hashes = [];
  for (const stage of Object.keys(stages)) stages[stage] = 0;
  const start = performance.now();
  for (const file of files) {
    const values = await toValues(file);
    if (withHashes) hashes.push(createHash("sha256").update(values).digest("hex"));
  }
  const ms = performance.now() - start;
  console.log(JSON.stringify({ ms, hashes: withHashes ? hashes : null, stages }));
}

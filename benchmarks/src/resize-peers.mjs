// @ts-check
// What the resize benchmark compares, each behind the same face: a task and a file in, milliseconds and bytes out.
// One thread each. Results of a task: "resize" the picture squashed to side x side; "clip" shortest edge, centre
// crop and normalisation from decoded pixels; "clip-decode" the same from the file's bytes.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import {
  clipCrop,
  IMAGENET_NORMALIZATION,
  parseImageProcessorConfig,
  squareResize,
  toPixelValues,
} from "@internvit/preprocess";
import { configureSharp, decodeImage } from "@internvit/preprocess/sharp";
import sharp from "sharp";

import { scalarResample } from "../../packages/preprocess/dist/resample/scalar-resample.js";
import { resampleWindow } from "../../packages/preprocess/dist/resize.js";

import { startPeer } from "./peer-process.mjs";

/** @typedef {"resize" | "clip" | "clip-decode"} Task */
/** @typedef {{ ms: number, pixels: Uint8Array | undefined }} Result `pixels` uint8 [side, side, 3] when asked for */
/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {Record<string, string>} versions
 * @property {(task: Task, file: string, pixels: boolean) => Promise<Result | undefined>} run undefined: cannot do it
 * @property {() => void} close
 */

/** @param {string} file */
async function load(file) {
  const bytes = await readFile(file);
  const { image } = await decodeImage(bytes);
  return { bytes, image };
}

/** @type {Map<string, ReturnType<typeof load>>} */
const loaded = new Map();

/** The bytes and pixels of a file, read once and outside the clock. @param {string} file */
function sources(file) {
  let source = loaded.get(file);
  if (source === undefined) loaded.set(file, (source = load(file)));
  return source;
}

/** @param {number} side @returns {Peer} */
export function ours(side) {
  configureSharp();
  const config = parseImageProcessorConfig({ size: side, crop_size: side });
  return {
    name: "@internvit/preprocess",
    versions: {},
    async run(task, file) {
      const { bytes, image } = await sources(file);
      const start = performance.now();
      if (task === "resize") {
        const { data } = squareResize(image, { size: side });
        return { ms: performance.now() - start, pixels: data };
      }
      const source = task === "clip" ? image : (await decodeImage(bytes)).image;
      const crop = clipCrop(source, config);
      toPixelValues([crop], IMAGENET_NORMALIZATION);
      return { ms: performance.now() - start, pixels: crop.data };
    },
    close() {},
  };
}

/** The passes that run where WebAssembly SIMD is missing. @param {number} side @returns {Peer} */
export function oursWithoutSimd(side) {
  const window = { left: 0, top: 0, width: side, height: side };
  return {
    name: "@internvit/preprocess, plain JavaScript",
    versions: {},
    async run(task, file) {
      if (task !== "resize") return undefined;
      const { image } = await sources(file);
      const size = { width: side, height: side, filter: /** @type {const} */ ("bicubic") };
      const start = performance.now();
      const { data } = resampleWindow(image, { ...size, window, resample: scalarResample });
      return { ms: performance.now() - start, pixels: data };
    },
    close() {},
  };
}

/** sharp resizing by itself; it does not normalise, so its "clip" is the crop only. @param {number} side @returns {Peer} */
export function sharpAlone(side) {
  return {
    name: "sharp",
    versions: { sharp: sharp.versions.sharp ?? "?", libvips: sharp.versions.vips ?? "?" },
    async run(task, file) {
      const { bytes, image } = await sources(file);
      const raw = { width: image.width, height: image.height, channels: /** @type {const} */ (3) };
      const fit = task === "resize" ? "fill" : "cover";
      const start = performance.now();
      const pixels = await (task === "clip-decode" ? sharp(bytes) : sharp(image.data, { raw }))
        .resize(side, side, { fit, kernel: "cubic" })
        .removeAlpha()
        .toColourspace("srgb")
        .raw()
        .toBuffer();
      return { ms: performance.now() - start, pixels };
    },
    close() {},
  };
}

/**
 * transformers.js from a folder that has it in its node_modules, and its processor set to this task.
 * @param {string} folder @param {number} side
 */
export async function openTransformersJs(folder, side) {
  const require = createRequire(join(folder, "package.json"));
  const { CLIPImageProcessor, RawImage, env } = await import(
    pathToFileURL(require.resolve("@huggingface/transformers")).href
  );
  require("sharp").concurrency(1);
  require("sharp").cache(false);
  const { mean, std } = IMAGENET_NORMALIZATION;
  const processor = new CLIPImageProcessor({
    do_resize: true,
    size: { shortest_edge: side },
    resample: 3,
    do_center_crop: true,
    crop_size: { height: side, width: side },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
    do_convert_rgb: true,
  });
  return { RawImage, processor, version: env.version };
}

/** @param {string} folder @param {number} side @returns {Promise<Peer>} */
export async function transformersJs(folder, side) {
  const { RawImage, processor, version } = await openTransformersJs(folder, side);
  return {
    name: "transformers.js",
    versions: { "transformers.js": version },
    async run(task, file, pixels) {
      const { bytes, image } = await sources(file);
      const blob = new Blob([bytes]);
      // It may change the picture in place.
      const raw = new RawImage(Uint8ClampedArray.from(image.data), image.width, image.height, 3);
      const start = performance.now();
      if (task === "resize") {
        const resized = await raw.resize(side, side, { resample: 3 });
        return { ms: performance.now() - start, pixels: Uint8Array.from(resized.data) };
      }
      const source = task === "clip" ? raw : await RawImage.fromBlob(blob);
      const { pixel_values: values } = await processor([source]);
      const ms = performance.now() - start;
      return { ms, pixels: pixels ? toBytes(values.data, side) : undefined };
    },
    close() {},
  };
}

/** Undoes the normalisation. @param {Float32Array} values [3, side, side] @param {number} side */
function toBytes(values, side) {
  const plane = side * side;
  const { mean, std } = IMAGENET_NORMALIZATION;
  return Uint8Array.from({ length: plane * 3 }, (_, i) => {
    const channel = i % 3;
    const value = /** @type {number} */ (values[channel * plane + Math.floor(i / 3)]);
    const sample =
      (value * /** @type {number} */ (std[channel]) + /** @type {number} */ (mean[channel])) * 255;
    return Math.min(255, Math.max(0, Math.round(sample)));
  });
}

/** Pillow in a process of its own. @param {string} python @param {number} side @returns {Promise<Peer>} */
export async function pillow(python, side) {
  const script = fileURLToPath(new URL("resize-pillow.py", import.meta.url));
  const child = await startPeer(python, [script], {
    OMP_NUM_THREADS: "1",
    OPENBLAS_NUM_THREADS: "1",
  });
  return {
    name: "Pillow",
    versions: child.versions,
    async run(task, file, pixels) {
      const result = await child.ask({ task, file, side, pixels });
      const bytes = result.pixels === null ? undefined : Buffer.from(result.pixels, "base64");
      return { ms: result.ms, pixels: bytes };
    },
    close: () => child.close(),
  };
}

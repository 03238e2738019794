// @ts-check
// What the encoder's benchmarks share: the preset, its pixels, and the peers that run in this process.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { createVisionEncoder } from "@internvit/runtime-node";
import ort from "onnxruntime-node";

import { ROOT } from "./environment.mjs";

/** The model that is measured. */
export const PRESET = "InternViT-300M-448px-V2_5";

/** Pixels of a side. */
export const SIDE = 448;

/** @typedef {import("@internvit/model-core").EncoderFeatures} EncoderFeatures */
/** @typedef {Float32Array<ArrayBuffer>} Floats */

/**
 * Makes the preset, or what a config.json says, with random weights, unless it is there.
 * @param {string} folder
 * @param {readonly string[]} extra
 * @param {string} architecture
 */
export function synthesize(folder, extra = [], architecture = PRESET) {
  if (existsSync(join(folder, "config.json"))) return;
  const cli = join(ROOT, "packages/cli/bin/internvit.js");
  const parameters = [cli, "synthesize", architecture, "--output", folder, ...extra];
  const made = spawnSync(process.execPath, parameters, { stdio: "inherit" });
  if (made.status !== 0) process.exit(1);
}

/** @type {Map<number, Floats>} */
const made = new Map();

/** Pixels of a batch [batch, 3, side, side], the same for every peer. @param {number} batch */
export function pixelsOf(batch) {
  const known = made.get(batch);
  if (known !== undefined) return known;
  const data = new Float32Array(batch * 3 * SIDE * SIDE);
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = (state / 2 ** 32) * 4 - 2;
  }
  made.set(batch, data);
  return data;
}

/**
 * This project, in runs of one picture, as by default.
 * @param {string} name
 * @param {string} model
 * @param {Parameters<typeof createVisionEncoder>[1]} settings
 * @returns {Promise<import("./take-turns.mjs").Peer & { features: () => EncoderFeatures }>}
 */
export async function ours(name, model, settings) {
  const encoder = await createVisionEncoder(model, settings);
  /** @type {EncoderFeatures} */
  let features = {};
  return {
    name,
    async run(batch) {
      const data = pixelsOf(batch);
      const begin = performance.now();
      features = await encoder.encode({
        dtype: "float32",
        shape: [batch, 3, SIDE, SIDE],
        data,
      });
      return performance.now() - begin;
    },
    features: () => features,
    close: () => encoder.dispose(),
  };
}

/**
 * ONNX Runtime on an exported graph, the whole batch in one run.
 * @param {string} name
 * @param {string} path
 * @param {{ threads: number }} options
 * @returns {Promise<import("./take-turns.mjs").Peer & { results: () => Record<string, Floats> }>}
 */
export async function exported(name, path, { threads }) {
  const session = await ort.InferenceSession.create(path, {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  });
  /** @type {Record<string, Floats>} */
  let results = {};
  return {
    name,
    async run(batch) {
      const feeds = {
        pixel_values: new ort.Tensor("float32", pixelsOf(batch), [batch, 3, SIDE, SIDE]),
      };
      const begin = performance.now();
      const outputs = await session.run(feeds);
      const ms = performance.now() - begin;
      results = Object.fromEntries(
        Object.entries(outputs).map(([output, { data }]) => [output, /** @type {Floats} */ (data)]),
      );
      return ms;
    },
    results: () => results,
    close: () => session.release(),
  };
}

/** How far features are apart. @param {Float32Array} actual @param {Float32Array} expected */
export function distance(actual, expected) {
  let maxAbsolute = 0;
  let squares = 0;
  let norm = 0;
  for (const [i, value] of expected.entries()) {
    const gap = Math.abs((actual[i] ?? Number.NaN) - value);
    maxAbsolute = Math.max(maxAbsolute, gap);
    squares += gap * gap;
    norm += value * value;
  }
  return { maxAbsolute, relativeL2: Math.sqrt(squares / norm) };
}

// @ts-check
// Whether both sides do the same work: loss, norm and every gradient of the first step.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";

import { createTrainingSession } from "@internvit/train";

/** Gradients shorter than this part of all of them are noise around zero (keys' biases) and compared with all. */
const ZERO = 1e-5;

/**
 * Relative errors against PyTorch: of loss and norm, and the largest of any gradient, ‖a − b‖ / ‖b‖.
 * @param {import("./training-peers.mjs").TrainingCase} training
 * @param {{ runtime: import("@internvit/model-core").GraphRuntime, python: import("./training-peers.mjs").Python, form: string }} sides
 */
export async function compareGradients({ options, batches, name }, { runtime, python, form }) {
  const names = Object.keys(options.model.parameters);
  const watch = names.map((parameter) => `gradient/${parameter}`);
  const session = await createTrainingSession(runtime, { ...options, watch });
  const own = await session.step(batches[0] ?? {});
  await session.dispose();

  const path = join(tmpdir(), `internvit-${name}-${process.pid}.gradients`);
  const peer = await python.ask({ do: "first", form, path });
  const bytes = await readFile(path);
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const all = Math.sqrt(sumOfSquares(floats));
  let at = 0;
  let largest = { parameter: "", error: 0 };
  for (const { name: parameter, parts } of wholeTensors(names)) {
    let difference = 0;
    let length = 0;
    for (const part of parts) {
      const data = /** @type {Float32Array} */ (own.watched[`gradient/${part}`]?.data);
      const expected = floats.subarray(at, at + data.length);
      at += data.length;
      difference += sumOfSquares(data.map((value, i) => value - (expected[i] ?? Number.NaN)));
      length += sumOfSquares(expected);
    }
    const isZero = Math.sqrt(length) < all * ZERO;
    const error = Math.sqrt(difference) / (isZero ? all : Math.sqrt(length));
    if (!(error <= largest.error)) largest = { parameter, error };
  }
  if (at !== floats.length) throw new Error(`${name}: ${floats.length} gradients, expected ${at}`);
  return {
    loss: relative(own.loss, peer.loss),
    norm: relative(own.gradNorm, peer.norm),
    gradient: Number(largest.error.toExponential(1)),
    of: largest.parameter,
    gradNorm: Number(own.gradNorm.toPrecision(3)),
  };
}

/** Parts of one tensor of a checkpoint are called `tensor@start`; PyTorch has them as one. @param {string} name */
export function wholeName(name) {
  return name.replace(/@\d+$/, "");
}

/** @param {string[]} names */
function wholeTensors(names) {
  /** @type {Map<string, string[]>} */
  const parts = new Map();
  for (const name of names) {
    const whole = wholeName(name);
    parts.set(whole, [...(parts.get(whole) ?? []), name]);
  }
  return Array.from(parts, ([name, all]) => ({
    name,
    parts: all.toSorted((a, b) => start(a) - start(b)),
  }));
}

/** @param {string} name */
function start(name) {
  return Number(name.split("@")[1] ?? 0);
}

/** @param {Float32Array} values */
function sumOfSquares(values) {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

/** @param {number} value @param {number} expected */
function relative(value, expected) {
  return Number((Math.abs(value - expected) / Math.abs(expected)).toExponential(1));
}

// @ts-check
// Numbers that both sides train with: drawn from a seed here, and written to a file that PyTorch's side reads.

import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";

/** Some 60 million are drawn, so by a plain congruential generator. @param {number} seed */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** @typedef {import("@internvit/model-core").Tensor} Tensor */
/** @typedef {Readonly<Record<string, Tensor>>} Tensors */

/**
 * Uniform float32 in [−spread, spread).
 * @param {number} seed
 * @param {readonly number[]} shape
 * @param {number} spread
 * @returns {import("@internvit/model-core").Tensor<"float32">}
 */
export function uniform(seed, shape, spread) {
  const draw = generator(seed);
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++) data[i] = (draw() * 2 - 1) * spread;
  return { dtype: "float32", shape, data };
}

/**
 * @param {readonly number[]} shape
 * @param {number} value
 * @returns {import("@internvit/model-core").Tensor<"float32">}
 */
export function filled(shape, value) {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value);
  return { dtype: "float32", shape, data };
}

/**
 * @param {number} seed
 * @param {{ count: number, classes: number }} size
 * @returns {import("@internvit/model-core").Tensor<"int64">}
 */
export function drawnLabels(seed, { count, classes }) {
  const draw = generator(seed);
  const data = BigInt64Array.from({ length: count }, () => BigInt(Math.floor(draw() * classes)));
  return { dtype: "int64", shape: [count], data };
}

/**
 * Writes tensors one after the other; what Python needs to read them is returned.
 * @param {string} folder
 * @param {{ name: string, tensors: Tensors }} content
 */
export async function writeTensors(folder, { name, tensors }) {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.bin`);
  const file = await open(path, "w");
  /** @type {Record<string, { dtype: string, shape: readonly number[], start: number }>} */
  const entries = {};
  let start = 0;
  for (const [key, { dtype, shape, data }] of Object.entries(tensors)) {
    entries[key] = { dtype, shape, start };
    await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    start += data.byteLength;
  }
  await file.close();
  return { path, entries };
}

// @ts-check
// A batch of crops and labels that a training is timed with: the same in every process.

import { drawnLabels, uniform } from "../training/drawn.mjs";
import { CLASSES, SIZE } from "./settings.mjs";

/** Pixels of a label's square: neighbours are mostly of one class. */
const SQUARE = 16;

/** @param {number} batch @returns {{ pixels: import("@internvit/model-core").Tensor<"float32">, labels: import("@internvit/model-core").Tensor<"uint8"> }} */
export function drawnBatch(batch) {
  const squares = SIZE / SQUARE;
  const classes = drawnLabels(42, { count: batch * squares ** 2, classes: CLASSES }).data;
  const data = Uint8Array.from({ length: batch * SIZE ** 2 }, (_, at) => {
    const [row, column] = [Math.floor(at / SIZE), at % SIZE];
    return Number(classes[Math.floor(row / SQUARE) * squares + Math.floor(column / SQUARE)]);
  });
  return {
    pixels: uniform(41, [batch, 3, SIZE, SIZE], 2),
    labels: { dtype: "uint8", shape: [batch, SIZE, SIZE], data },
  };
}

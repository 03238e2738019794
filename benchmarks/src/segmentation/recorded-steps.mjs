// @ts-check
// What a segmentation run feeds its encoder and its head, a safetensors file for each step: `pixels`, `labels`, and what
// chance left out.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { encodeSafetensors } from "@internvit/model-core";

import { seenPictures, watchRuntime } from "../recording.mjs";
import { SIZE } from "./settings.mjs";

const RECORDED = /^(taps\.0|pixel_values|labels|drop_path|.*\.kept_channels)$/;

/** @param {import("@internvit/model-core").GraphRuntime} runtime @param {string} folder */
export function recordSteps(runtime, folder) {
  const pictures = seenPictures();
  let steps = 0;

  /** @param {Readonly<Record<string, import("@internvit/model-core").Tensor>>} feeds */
  async function record({ "taps.0": tap, pixel_values: pixels, labels, ...masks }) {
    // Evaluations have no labels.
    if (labels === undefined) return;
    const shape = [labels.shape[0] ?? 0, 3, SIZE, SIZE];
    const tensors = new Map(Object.entries({ labels, ...masks }));
    if (pixels !== undefined) tensors.set("pixels", pixels);
    else if (tap !== undefined) {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      for (const [row, own] of pictures.take(tap).entries()) data.set(own, row * own.length);
      tensors.set("pixels", { dtype: "float32", shape, data });
    }
    await writeFile(join(folder, `step-${steps++}.safetensors`), [...encodeSafetensors(tensors)]);
  }

  return {
    watch: pictures.watch,
    runtime: watchRuntime(runtime, { wanted: (name) => RECORDED.test(name), onRun: record }),
    steps: () => steps,
  };
}

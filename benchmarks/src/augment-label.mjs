// @ts-check
// Label pictures of the augmentation benchmark: 8-bit gray PNGs whose levels are classes, read as runs read them.

import { readFileSync } from "node:fs";

import { labelValues, toLabels } from "@internvit/eval";
import { readLabelPng } from "@internvit/eval/node";

/** CamVid's eleven classes; 11 is what nothing is labelled with. */
const meaning = labelValues({
  values: Array.from({ length: 11 }, (_, label) => label),
  ignored: [11, 255],
});

/** @param {string} file @returns {import("@internvit/eval").LabelMap} */
export function readLabel(file) {
  const stored = readLabelPng(readFileSync(file), { subject: file });
  return toLabels(stored, { meaning, subject: file });
}

// Pictures of any size segmented by what sees windows. Reference: MMSegmentation 0.30,
// mmseg/models/segmentors/encoder_decoder.py (slide_inference, whole_inference, inference, aug_test), and the test
// pipeline of segmentation/configs of OpenGVLab/InternVL.
//
// Deviation: a picture that is seen once gets the class of the largest logit; the reference takes the softmax first,
// which can make two of them equal.

import type { RgbImage } from "@internvit/preprocess";

import { mirrorPixels } from "../augment/flip.ts";
import { IGNORED_LABEL, type LabelMap } from "../augment/segmentation/label-map.ts";
import { resizeForTest } from "../augment/segmentation/resize-for-test.ts";
import { EvalError } from "../errors.ts";
import { addProbabilities, pickLargest } from "./class-rows.ts";
import type { InferenceSettings } from "./inference-settings.ts";
import { type LogitRows, logitRows } from "./logit-rows.ts";
import type { WindowLogits } from "./window-logits.ts";
import { windowMaps } from "./window-maps.ts";

/** Options of `segmentImage`. */
export interface SegmentImageOptions {
  readonly logits: WindowLogits;
  readonly settings: InferenceSettings;
  readonly signal?: AbortSignal | undefined;
}

/** A way in which the picture was seen. */
interface Seen {
  readonly rows: LogitRows;
  readonly mirrored: boolean;
}

/**
 * The most probable class of every pixel, at the picture's own size; the first of equal ones.
 *
 * @throws EvalError `invalid-argument` for settings outside their range, `unsupported` for more classes than a label
 * map holds, `mismatch` and `invalid-data` for logits that are not what `WindowLogits` says; what `logits.run` throws
 */
export async function segmentImage(
  image: RgbImage,
  { logits, settings, signal }: SegmentImageOptions,
): Promise<LabelMap> {
  checkSettings(settings, logits);
  const { classes, patchSize: multiple } = logits;
  const { mode, scales, flip } = settings;
  const seen: Seen[] = [];
  for (const scale of scales) {
    const shortSide = Math.floor(settings.shortSide * scale + 0.5);
    const resized = resizeForTest(image, { shortSide, multiple });
    for (const mirrored of flip ? [false, true] : [false]) {
      if (mirrored) mirrorPixels(resized.data, resized.width);
      const windows = await windowMaps(resized, { logits, mode, signal });
      seen.push({ rows: logitRows(windows, image), mirrored });
    }
  }
  signal?.throwIfAborted();
  return labelsOf(seen, { image, classes });
}

function labelsOf(
  seen: readonly Seen[],
  { image, classes }: { readonly image: RgbImage; readonly classes: number },
): LabelMap {
  const { width, height } = image;
  const data = new Uint8Array(width * height);
  const [once] = seen;
  const sums = new Float64Array(seen.length === 1 ? 0 : width * classes);
  for (let y = 0; y < height; y++) {
    const labels = data.subarray(y * width, (y + 1) * width);
    if (seen.length === 1) {
      pickLargest(once!.rows.read(y), { classes, labels });
      continue;
    }
    sums.fill(0);
    for (const { rows, mirrored } of seen) {
      addProbabilities(rows.read(y), { classes, mirrored, sums });
    }
    pickLargest(sums, { classes, labels });
  }
  return { width, height, data };
}

function checkSettings(
  { shortSide, mode, scales }: InferenceSettings,
  { classes, patchSize, batch }: WindowLogits,
): void {
  if (classes > IGNORED_LABEL) {
    const message = `a label map has room for ${IGNORED_LABEL} classes, got ${classes}`;
    throw new EvalError("unsupported", message);
  }
  const wrong = scales.find((scale) => !(Number.isFinite(scale) && shortSide * scale >= 1));
  if (!isCount(shortSide)) refuse("shortSide: expected pixels", shortSide);
  if (scales.length === 0 || wrong !== undefined) {
    refuse("scales: expected numbers above 0", wrong ?? "none");
  }
  if (!isCount(batch)) refuse("batch: expected a whole number above 0", batch);
  if (mode.kind === "whole") return;
  const { window, stride } = mode;
  if (!(isCount(window) && window % patchSize === 0)) {
    refuse(`window: expected a multiple of the patch, ${patchSize} pixels`, window);
  }
  // A larger stride would leave out pixels.
  if (!(isCount(stride) && stride <= window)) {
    refuse(`stride: expected 1 to ${window} pixels`, stride);
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

function refuse(expected: string, found: number | string): never {
  throw new EvalError("invalid-argument", `${expected}, got ${found}`);
}

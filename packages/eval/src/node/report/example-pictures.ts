// The pictures of a segmentation report: for each example what went in, the truth, the prediction and their difference,
// small enough for one file. Labels are made smaller by taking pixels, so that the three maps show the same ones.

import { IGNORED_LABEL, type LabelMap, resizeLabel } from "../../augment/segmentation/label-map.ts";
import type { SegmentationSet } from "../../datasets/segmentation-set.ts";
import { EvalError } from "../../errors.ts";
import { classColours, type Rgb } from "../../inference/class-colours.ts";
import { encodeLabelPng } from "../../inference/label-png.ts";
import { ERROR_COLOURS, type ExamplePictures } from "../../results/html/examples.ts";
import type { SegmentationExample, SegmentationResult } from "../../results/segmentation-result.ts";
import { readLabelPng } from "../png/read-png.ts";
import { checkScoredList } from "./scored-list.ts";
import { smallJpeg } from "./small-jpeg.ts";

/** Options of `readExamplePictures`. */
export interface ExamplePicturesOptions {
  /** The set that was scored, where it is at hand; without it there are predictions only. */
  readonly set?: SegmentationSet | undefined;
  /** Pixels of the longer side; default 400. */
  readonly size?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The pictures of a result's examples by their index in the set.
 *
 * @throws EvalError `mismatch` when the set or one of its labels is not what was scored, `invalid-data` for a damaged
 * prediction, otherwise as the set does
 */
export async function readExamplePictures(
  result: SegmentationResult,
  options: ExamplePicturesOptions = {},
): Promise<ReadonlyMap<number, ExamplePictures>> {
  const { set, size = 400, signal } = options;
  const { data, classes, examples } = result.val;
  if (set !== undefined) checkSet(set, { data, classes });
  const colours = classColours(classes.length);
  const oriented = result.protocol.value["orientation"] !== "ignore";
  const all = new Map<number, ExamplePictures>();
  for (const example of examples) {
    signal?.throwIfAborted();
    const { index } = example;
    const prediction = decodePrediction(example, classes.length);
    const truth = await set?.readLabel(index, signal);
    if (truth !== undefined) checkSize(truth, { prediction, example });
    const maps = await drawMaps({ prediction, truth }, { size, colours });
    const bytes = await set?.read(index, signal);
    const input =
      bytes === undefined ? null : await smallJpeg(bytes, { size, fit: "inside", oriented });
    all.set(index, { ...maps, input });
  }
  return all;
}

function checkSet(
  set: SegmentationSet,
  { data, classes }: Pick<SegmentationResult["val"], "data" | "classes">,
): void {
  checkScoredList(set, data);
  if (set.classes.join("\n") === classes.join("\n")) return;
  throw new EvalError(
    "mismatch",
    `${set.name} at ${set.origin}: expected the ${classes.length} classes that were scored, found ${set.classes.length} others`,
    { subject: set.origin },
  );
}

function checkSize(
  truth: LabelMap,
  { prediction, example }: { readonly prediction: LabelMap; readonly example: SegmentationExample },
): void {
  if (truth.width === prediction.width && truth.height === prediction.height) return;
  throw new EvalError(
    "mismatch",
    `${example.key}: expected labels of ${prediction.width}x${prediction.height} pixels as they were scored, found ${truth.width}x${truth.height}`,
    { subject: example.key },
  );
}

function decodePrediction({ key, prediction }: SegmentationExample, classes: number): LabelMap {
  const subject = `the prediction for ${key}`;
  const { width, height, values } = readLabelPng(Buffer.from(prediction, "base64"), { subject });
  const wrong = values.find((value) => value >= classes);
  if (wrong !== undefined) {
    throw new EvalError(
      "invalid-data",
      `${subject}: expected labels below ${classes}, found ${wrong}`,
      { subject },
    );
  }
  return { width, height, data: Uint8Array.from(values) };
}

/** Truth, prediction and errors as PNGs with a palette. */
async function drawMaps(
  maps: { readonly prediction: LabelMap; readonly truth: LabelMap | undefined },
  { size, colours }: { readonly size: number; readonly colours: readonly Rgb[] },
): Promise<Omit<ExamplePictures, "input">> {
  const prediction = smaller(maps.prediction, size);
  const drawn = { prediction: await toAddress(prediction, colours) };
  if (maps.truth === undefined) {
    const own = { labels: classesIn(prediction.data), hasIgnored: false };
    return { ...drawn, ...own, truth: null, errors: null };
  }
  const truth = smaller(maps.truth, size);
  const errors = truth.data.map((right, at) => {
    if (right === IGNORED_LABEL) return IGNORED_LABEL;
    return right === prediction.data[at] ? 0 : 1;
  });
  return {
    ...drawn,
    truth: await toAddress(truth, colours),
    errors: await toAddress({ ...truth, data: errors }, ERROR_COLOURS),
    labels: classesIn([...truth.data, ...prediction.data]),
    hasIgnored: truth.data.includes(IGNORED_LABEL),
  };
}

/** The labels that occur, ascending. */
function classesIn(labels: Iterable<number>): readonly number[] {
  return [...new Set(labels)].filter((label) => label !== IGNORED_LABEL).sort((a, b) => a - b);
}

function smaller(map: LabelMap, size: number): LabelMap {
  const scale = Math.min(1, size / Math.max(map.width, map.height));
  return resizeLabel(map, {
    width: Math.max(1, Math.round(map.width * scale)),
    height: Math.max(1, Math.round(map.height * scale)),
  });
}

async function toAddress(map: LabelMap, colours: readonly Rgb[]): Promise<string> {
  const png = await encodeLabelPng(map, { colours });
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}

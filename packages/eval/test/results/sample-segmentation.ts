// A segmentation result as a run would write it, from drawn scenes: a truth of bands and boxes, and a prediction that is
// it, shifted and with mistakes.

import {
  chooseExamples,
  createSegmentationSetScorer,
  encodeLabelPng,
  IGNORED_LABEL,
  type LabelMap,
  type SegmentationExample,
  type SegmentationResult,
} from "@internvit/eval";
import { createRandom } from "@internvit/model-core";

import { hashOf, sampleResult } from "./sample-result.ts";

/** The classes of CamVid. */
export const SCENE_CLASSES: readonly string[] = [
  "sky",
  "building",
  "pole",
  "road",
  "pavement",
  "tree",
  "sign",
  "fence",
  "car",
  "pedestrian",
  "bicyclist",
];

/** What a sample is made of. */
export interface SampleScenes {
  readonly name?: string;
  /** Pictures. Default 12. */
  readonly length?: number;
  /** Default `SCENE_CLASSES`. */
  readonly classes?: readonly string[];
  /** Pixels by which predictions are shifted at most. Default 9. */
  readonly shift?: number;
  /** Every n-th picture cannot be read. Default: all can. */
  readonly unreadableEvery?: number;
}

const SIZE = { width: 96, height: 72 } as const;

/** Truth and prediction of a scene. The last class never occurs. */
export function sampleScene(
  index: number,
  { classes = SCENE_CLASSES, shift = 9 }: SampleScenes = {},
): { readonly label: LabelMap; readonly prediction: LabelMap } {
  const random = createRandom(8, [index]);
  const upTo = (limit: number): number => Math.floor(random.uniform() * limit);
  const { width, height } = SIZE;
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    data.fill(
      Math.min(classes.length - 2, Math.floor((y * 4) / height)),
      y * width,
      (y + 1) * width,
    );
  }
  for (let box = 0; box < 7; box++) {
    const value = box === 6 ? IGNORED_LABEL : upTo(classes.length - 1);
    const [left, top, right] = [upTo(width - 8), upTo(height - 8), 8 + upTo(24)];
    for (let y = top; y < Math.min(height, top + 20); y++) {
      data.fill(value, y * width + left, y * width + Math.min(width, left + right));
    }
  }
  const [across, down] = [upTo(shift + 1), upTo(shift + 1)];
  const answer = data.map((_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    const from = data[Math.max(0, y - down) * width + Math.max(0, x - across)]!;
    return from === IGNORED_LABEL ? index % (classes.length - 1) : from;
  });
  return { label: { ...SIZE, data }, prediction: { ...SIZE, data: answer } };
}

/** A result of `report-linear`, shortened, on drawn scenes; `change` replaces fields. */
export async function sampleSegmentation(
  scenes: SampleScenes = {},
  change: Partial<SegmentationResult> = {},
): Promise<SegmentationResult> {
  const { name = "camvid", length = 12, classes = SCENE_CLASSES, unreadableEvery = 0 } = scenes;
  const scorer = createSegmentationSetScorer({ classes: classes.length });
  const unreadable = [];
  const meanIous: (number | null)[] = [];
  const keyOf = (index: number): string => `scene-${index}.png`;
  for (let index = 0; index < length; index++) {
    if (unreadableEvery > 0 && index % unreadableEvery === unreadableEvery - 1) {
      unreadable.push({ index, key: keyOf(index), reason: "the PNG is cut off" });
      meanIous.push(null);
      continue;
    }
    const { prediction, label } = sampleScene(index, scenes);
    meanIous.push(scorer.add(prediction, label).meanIou);
  }
  const examples: SegmentationExample[] = [];
  for (const { index, place } of chooseExamples(meanIous)) {
    const png = await encodeLabelPng(sampleScene(index, scenes).prediction);
    const prediction = btoa(String.fromCharCode(...png));
    examples.push({ index, key: keyOf(index), place, meanIou: meanIous[index]!, prediction });
  }
  const { model, environment, times } = sampleResult([]);
  const data = { name, origin: `data/${name}`, length, classes: classes.length };
  const score = { pictures: length - unreadable.length, unreadable: unreadable.length };
  return {
    format: "internvit-segmentation-result",
    version: 1,
    finished: "2026-11-23T22:30:00.000Z",
    model,
    protocol: {
      base: "report-linear",
      hash: hashOf("protocol"),
      value: { name: "report-linear", kind: "online", iterations: 200, orientation: "apply" },
      differences: [{ field: "iterations", own: 200, named: 80_000 }],
    },
    train: { ...data, origin: `data/${name}/train`, length: 40, listHash: hashOf("train") },
    environment,
    seed: 0,
    times: {
      ...times,
      parts: [
        { name: "training", seconds: 1702.1 },
        { name: name, seconds: 132.1 },
      ],
    },
    curves: [
      {
        name: "training loss",
        line: "",
        x: "step",
        unit: "loss",
        points: Array.from({ length: 200 }, (_, at) => [at + 1, 0.4 + 2 * Math.exp(-at / 40)]),
      },
      {
        name: `mIoU of ${name}`,
        line: "",
        x: "step",
        unit: "percent",
        points: [50, 100, 150, 200].map((step) => [step, 60 - 40 * Math.exp(-step / 70)]),
      },
    ],
    heads: [{ name: "best", epoch: null, choice: "best mIoU, iteration 200" }],
    val: {
      data: { ...data, listHash: hashOf(name) },
      classes,
      scores: [{ ...score, ...scorer.score() }],
      unreadable,
      examples,
    },
    warnings: ["the block of the linear head is derived: nothing is published for 24 blocks"],
    ...change,
  };
}

/** A result of a whole run of a protocol of the report by a model, on the set's own numbers of pictures. */
export async function reportSegmentation(options: {
  readonly base: string;
  readonly set: "ade20k" | "coco-stuff-164k";
  readonly model?: string;
  readonly shift?: number;
}): Promise<SegmentationResult> {
  const { base, set, model = "OpenGVLab/InternViT-6B-448px-V2_5", shift = 6 } = options;
  const [train, val] = set === "ade20k" ? [20_210, 2000] : [118_287, 5000];
  const sample = await sampleSegmentation({ name: set, shift });
  const [score] = sample.val.scores;
  return {
    ...sample,
    model: { ...sample.model, name: model },
    protocol: { ...sample.protocol, base, differences: [] },
    train: { ...sample.train, length: train },
    val: {
      ...sample.val,
      data: { ...sample.val.data, length: val },
      scores: [{ ...score!, pictures: val }],
    },
    warnings: [],
  };
}

// The segmentation protocols with names. The report's three are those of OpenGVLab/InternVL,
// segmentation/configs/intern_vit_6b: linear_…_frozen, upernet_…_frozen and upernet_…, which are the same for ADE20K and
// COCO-Stuff. For encoders other than the published 6B ones the blocks are derived.

import type {
  AdamWProtocol,
  CommonSegmentationProtocol,
  FeatureSegmentationProtocol,
  OnlineSegmentationProtocol,
  SegmentationProtocol,
} from "./segmentation-protocol.ts";

const OPTIMIZER: AdamWProtocol = {
  kind: "adamw",
  learningRate: 4e-5,
  betas: [0.9, 0.999],
  epsilon: 1e-8,
  weightDecay: 0.05,
  layerDecay: 1,
  schedule: { kind: "poly", power: 1, minimum: 0, warmup: 1500, warmupRatio: 1e-6 },
};

const COMMON: Omit<CommonSegmentationProtocol, "name" | "head"> = {
  version: 1,
  task: "segmentation",
  seed: 0,
  blocks: "published",
  cropSize: 504,
  iterations: 80_000,
  batch: 16,
  optimizer: OPTIMIZER,
  inference: {
    shortSide: 504,
    mode: { kind: "slide", window: 504, stride: 322 },
    scales: [1],
    flip: false,
  },
  orientation: "apply",
  unreadable: { train: "leave-out", val: "leave-out" },
};

const REPORT: Omit<OnlineSegmentationProtocol, "name" | "head" | "encoder"> = {
  ...COMMON,
  kind: "online",
  augmentation: {
    limits: { long: 2016, short: 504 },
    ratio: [0.5, 2],
    maxClassShare: 0.75,
    flip: 0.5,
    distort: true,
  },
  scoreEvery: 1000,
};

const FAST: FeatureSegmentationProtocol = {
  ...COMMON,
  name: "fast-linear",
  kind: "features",
  head: { kind: "linear" },
  iterations: 4000,
  optimizer: {
    ...OPTIMIZER,
    learningRate: 1e-3,
    weightDecay: 0,
    schedule: { ...OPTIMIZER.schedule, warmup: 100 },
  },
  pictures: null,
  stored: "float16",
};

/** The segmentation protocols by name. Copy one and change it for your own. */
export const NAMED_SEGMENTATION_PROTOCOLS: Readonly<Record<string, SegmentationProtocol>> = {
  "report-linear": {
    ...REPORT,
    name: "report-linear",
    head: { kind: "linear" },
    encoder: { trained: false },
    optimizer: { ...OPTIMIZER, weightDecay: 0 },
  },
  "report-head-tuning": {
    ...REPORT,
    name: "report-head-tuning",
    head: { kind: "upernet", channels: 1536, auxiliaryLevel: 1 },
    encoder: { trained: false },
  },
  "report-full-tuning": {
    ...REPORT,
    name: "report-full-tuning",
    head: { kind: "upernet", channels: 1536, auxiliaryLevel: 2 },
    encoder: { trained: true, dropPathRate: 0.4 },
    optimizer: { ...OPTIMIZER, layerDecay: 0.95 },
  },
  "fast-linear": FAST,
};

// The protocols with names. The report's two are those of OpenGVLab/InternVL, classification/configs/linear_probing and
// attn_pooling_probing, with what its code does beside its configuration files: mixing and label smoothing are on by
// default there, the learning rate is one update behind, and the average is kept of the running statistics, too.

import type {
  BatchNormProtocol,
  CommonProtocol,
  FeaturesProtocol,
  NeighboursProtocol,
  OnlineProtocol,
  OptimizerProtocol,
  Protocol,
} from "./protocol.ts";

const COMMON: Omit<CommonProtocol, "name"> = {
  version: 1,
  seed: 0,
  imageSize: null,
  orientation: "as-published",
  unreadable: { train: "leave-out", val: "wrong" },
};

const BATCH_NORM: BatchNormProtocol = { epsilon: 1e-6, momentum: 0.1 };

const REPORT_OPTIMIZER: OptimizerProtocol = {
  kind: "sgd",
  momentum: 0.9,
  nesterov: true,
  rateBatch: 512,
  schedule: { kind: "cosine", warmupEpochs: 1, minimum: 0, oneUpdateBehind: true },
  maxGradNorm: 5,
  averageDecay: 0.998,
};

const REPORT: Omit<OnlineProtocol, "name" | "head"> = {
  ...COMMON,
  kind: "online",
  epochs: 10,
  batch: 1024,
  learningRate: 0.1,
  weightDecay: 0,
  augmentation: { crop: { scale: [0.08, 1], ratio: [3 / 4, 4 / 3] }, flip: 0.5 },
  mixing: { mixup: 0.8, cutmix: 1, probability: 1, switchProbability: 0.5 },
  labelSmoothing: 0.1,
  batchNorm: BATCH_NORM,
  optimizer: REPORT_OPTIMIZER,
};

const FAST: Omit<FeaturesProtocol, "name"> = {
  ...COMMON,
  kind: "features",
  head: "linear",
  epochs: 10,
  batch: 1024,
  perClass: null,
  heldOut: { share: 0.1 },
  grid: {
    learningRates: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    weightDecays: [0],
  },
  shuffleRows: 65_536,
  labelSmoothing: 0,
  batchNorm: BATCH_NORM,
  optimizer: {
    ...REPORT_OPTIMIZER,
    schedule: { kind: "cosine", warmupEpochs: 1, minimum: 0, oneUpdateBehind: false },
    averageDecay: null,
  },
};

const NEIGHBOURS: NeighboursProtocol = {
  ...COMMON,
  name: "knn",
  kind: "neighbours",
  feature: "class-token",
  neighbours: [10, 20],
  temperature: 0.07,
  perClass: null,
};

/** The protocols by name. Copy one and change it for your own. */
export const NAMED_PROTOCOLS: Readonly<Record<string, Protocol>> = {
  "report-linear": { ...REPORT, name: "report-linear", head: "linear" },
  "report-attention-pooling": {
    ...REPORT,
    name: "report-attention-pooling",
    head: "attention-pooling",
  },
  "fast-linear": { ...FAST, name: "fast-linear" },
  "few-shot": {
    ...FAST,
    name: "few-shot",
    epochs: 100,
    batch: 32,
    perClass: 16,
    heldOut: { perClass: 4 },
  },
  knn: NEIGHBOURS,
};

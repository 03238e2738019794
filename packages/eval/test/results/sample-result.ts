// A result as a run would write it, from drawn logits: one small set, or any sets.

import { type ClassificationResult, createScorer, type SetResult } from "@internvit/eval";
import { createRandom } from "@internvit/model-core";

const CLASSES = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
];

/** What a sample set is made of. */
export interface SampleSet {
  readonly name: string;
  readonly length: number;
  readonly classes?: readonly string[];
  /** How much the right logit is raised: 0 is chance. */
  readonly skill?: number;
  readonly seed?: number;
  /** Every n-th picture cannot be read. */
  readonly unreadableEvery?: number;
}

/** A hash that says nothing. */
export const hashOf = (text: string): string =>
  Array.from({ length: 64 }, (_, at) =>
    "0123456789abcdef".charAt((text.charCodeAt(at % text.length) + at) % 16),
  ).join("");

/** The score of a drawn set, by one head for each skill. */
export function sampleSet(sample: SampleSet, heads = 1): SetResult {
  const { name, length, classes = CLASSES, skill = 2, seed = 1, unreadableEvery = 0 } = sample;
  const width = classes.length;
  const scorers = Array.from({ length: heads }, () => createScorer({ width, outcomesOf: length }));
  for (const [head, scorer] of scorers.entries()) {
    const random = createRandom(seed, [head]);
    for (let index = 0; index < length; index += 1) {
      const label = index % width;
      const picture = { index, key: `${classes[label]}/${index}.png`, labels: [label] };
      if (unreadableEvery > 0 && index % unreadableEvery === unreadableEvery - 1) {
        scorer.addUnreadable(picture, "the JPEG ends in the middle of a scan");
        continue;
      }
      // Classes are not equally hard, and neighbours are taken for each other.
      const scores = Float32Array.from({ length: width }, () => 4 * random.uniform());
      const ease = skill * (0.4 + ((label * 7) % 10) / 8);
      scores[label]! += ease * random.uniform() * 2;
      scores[(label + 2) % width]! += 0.6 * random.uniform();
      scorer.add([picture], scores);
    }
  }
  return {
    data: { name, origin: `data/${name}`, length, classes: width, listHash: hashOf(name) },
    classes,
    restricted: false,
    scores: scorers.map((scorer) => scorer.score()),
    unreadable: scorers[0]!.unreadable(),
  };
}

/** A result of `fast-linear` on drawn sets; `change` replaces fields. */
export function sampleResult(
  sets: readonly SampleSet[] = [{ name: "cifar10", length: 1000, unreadableEvery: 250 }],
  change: Partial<ClassificationResult> = {},
): ClassificationResult {
  const random = createRandom(5);
  const curve = (from: number, to: number, noise: number) =>
    Array.from({ length: 300 }, (_, at): readonly [number, number] => [
      at * 4,
      to + (from - to) * Math.exp(-at / 60) + noise * random.uniform(),
    ]);
  const heads = change.heads ?? [
    { name: "chosen", epoch: 10, choice: "best held-out top-1 of the grid" },
  ];
  const rates = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
  return {
    format: "internvit-classification-result",
    version: 1,
    finished: "2026-11-23T18:00:00.000Z",
    model: {
      name: "InternViT-300M-448px-V2_5",
      source: "OpenGVLab/InternViT-300M-448px-V2_5",
      checkpointHash: hashOf("checkpoint"),
      synthesized: null,
      config: { hidden_size: 1024, image_size: 448, num_hidden_layers: 24, patch_size: 14 },
    },
    protocol: {
      base: "fast-linear",
      hash: hashOf("protocol"),
      value: { name: "fast-linear", kind: "features", epochs: 10, batch: 256, imageSize: null },
      differences: [{ field: "batch", own: 256, named: 1024 }],
    },
    train: {
      name: "cifar10",
      origin: "data/cifar10/train",
      length: 4000,
      classes: 10,
      listHash: hashOf("train"),
    },
    environment: {
      provider: "cpu",
      device: "AMD EPYC",
      dtype: "float32",
      platform: "linux x64",
      versions: { internvit: "0.1.0", node: "20.20.2", "onnxruntime-node": "1.30.0" },
    },
    seed: 0,
    times: {
      total: 1834.2,
      parts: [
        { name: "features", seconds: 1702.1 },
        { name: "training", seconds: 96.4 },
        { name: "cifar10", seconds: 35.7 },
      ],
      resumed: 1,
    },
    grid: [0, 1e-4].flatMap((weightDecay) =>
      rates.map((learningRate, at) => ({
        learningRate,
        weightDecay,
        heldOut: at === 12 ? null : 60 + 20 * Math.sin((at + 1) / 4.2) - 3e3 * weightDecay,
        trainLoss: at === 12 ? null : 2.3 - 1.6 * Math.sin((at + 1) / 4.2),
        chosen: at === 6 && weightDecay === 0,
      })),
    ),
    curves: [
      { name: "training loss", line: "", x: "step", unit: "loss", points: curve(2.3, 0.6, 0.15) },
      ...["cifar10, raw", "cifar10, average"].map((line, at) => ({
        name: "top-1 by epoch",
        line,
        x: "epoch" as const,
        unit: "percent" as const,
        points: Array.from({ length: 10 }, (_, epoch): readonly [number, number] => [
          epoch + 1,
          80 - 40 * Math.exp(-epoch / (2 + 2 * at)),
        ]),
      })),
    ],
    heads,
    sets: sets.map((set) => sampleSet(set, heads.length)),
    warnings: ["2 pictures are in train and in cifar10"],
    ...change,
  };
}

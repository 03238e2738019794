// Segmentation runs that take a second: a small encoder, crops of 56 pixels, a few iterations.

import { readFile } from "node:fs/promises";

import {
  memoryStorage,
  NAMED_SEGMENTATION_PROTOCOLS,
  type OnlineSegmentationProtocol,
  runSegmentation,
  type RunSegmentationOptions,
  SEGMENTATION_NORMALIZATION,
  type SegmentationProtocol,
} from "@internvit/eval";
import { bytesSource, readCheckpoint } from "@internvit/model-core";
import { createNodeRuntime, createVisionEncoder } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";

import { decodeScene, sceneSet, type SceneSetOptions } from "./scene-set.ts";

const SIZE = 56;
const FOLDER = "tiny-layernorm";

/** The small encoder's checkpoint: 4 blocks of width 64. */
export const checkpoint = await readCheckpoint({
  label: FOLDER,
  open: (name) => readFile(fixturePath(FOLDER, name)).then(bytesSource, () => undefined),
});

/** A named protocol with little to do. */
export function tiny<T extends SegmentationProtocol = OnlineSegmentationProtocol>(
  name: string,
  change: Partial<T> = {},
): T {
  const named = NAMED_SEGMENTATION_PROTOCOLS[name] as OnlineSegmentationProtocol;
  return {
    ...named,
    cropSize: SIZE,
    iterations: 4,
    batch: 2,
    scoreEvery: 2,
    ...(named.kind === "online" && {
      head: named.head.kind === "linear" ? named.head : { ...named.head, channels: 8 },
      augmentation: { ...named.augmentation, limits: { long: 224, short: SIZE } },
    }),
    optimizer: {
      ...named.optimizer,
      learningRate: 1e-2,
      schedule: { ...named.optimizer.schedule, warmup: 0 },
    },
    inference: {
      shortSide: SIZE,
      mode: { kind: "slide", window: SIZE, stride: 42 },
      scales: [1],
      flip: false,
    },
    ...change,
  } as SegmentationProtocol as T;
}

/** What a test changes. */
export interface TinyRunOptions extends Partial<RunSegmentationOptions> {
  readonly pictures?: Partial<SceneSetOptions>;
  readonly valPictures?: Partial<SceneSetOptions>;
  /** Encoders of each size. Default 1. */
  readonly encoders?: number;
}

/** What a run works with. */
export function tinyParts({ pictures, valPictures, encoders = 1, ...rest }: TinyRunOptions = {}) {
  return {
    checkpoint,
    model: { name: "tiny", checkpointHash: null },
    openEncoders: ({ inputSize, outputs }) =>
      Promise.all(
        Array.from({ length: encoders }, () =>
          createVisionEncoder(fixturePath(FOLDER), {
            inputSize,
            outputs,
            normalization: SEGMENTATION_NORMALIZATION,
            threads: 1,
          }),
        ),
      ),
    runtime: createNodeRuntime({ threads: 1 }),
    train: sceneSet({ name: "train", length: 12, seed: 1, ...pictures }),
    val: sceneSet({ name: "val", length: 5, seed: 2, ...valPictures }),
    decode: decodeScene,
    storage: memoryStorage(),
    ...rest,
  } satisfies RunSegmentationOptions;
}

/** Runs a protocol on scenes. */
export function runTiny(protocol: SegmentationProtocol, options: TinyRunOptions = {}) {
  return runSegmentation(protocol, tinyParts(options));
}

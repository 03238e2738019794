// The pictures of a step of an online protocol: read, drawn, resized, cropped and packed. Every one is a function of seed,
// epoch and its index, whatever was made before; so the next step's can be made while one is under way.

import type { Tensor } from "@internvit/model-core";
import { isPreprocessError } from "@internvit/preprocess";
import { batchOrder } from "@internvit/train";

import {
  applySegmentation,
  packSegmentation,
  type SegmentationSample,
} from "../../augment/segmentation/apply-segmentation.ts";
import { drawSegmentation } from "../../augment/segmentation/draw-segmentation.ts";
import { IGNORED_LABEL, type LabelMap } from "../../augment/segmentation/label-map.ts";
import { readSegmentationSample } from "../../datasets/segmentation-sample.ts";
import type { SegmentationSet } from "../../datasets/segmentation-set.ts";
import { EvalError, isEvalError } from "../../errors.ts";
import type {
  OnlineSegmentationProtocol,
  SegmentationProtocol,
} from "../../protocols/segmentation-protocol.ts";
import { unreadableError } from "../feature-shards.ts";
import type { DecodePicture } from "../prepared-pictures.ts";
import type { UnreadablePicture } from "../run-events.ts";
import { unreadablePicture } from "../unreadable-pictures.ts";

/** Pictures in a row that cannot be read before the set is given up. */
const MAX_REPLACEMENTS = 1000;

/** What an update is made of, before the encoder. */
export interface TrainingSamples<T> {
  /** What the training is fed is made of it. */
  readonly input: T;
  /** uint8 [batch, cropSize, cropSize]. */
  readonly labels: Tensor<"uint8">;
  /** Pictures whose places others took. */
  readonly unreadable: readonly UnreadablePicture[];
  /** Samples without a pixel that belongs to a class. */
  readonly unlabelled: number;
}

/** How pictures are read. */
export interface ReadingOptions {
  readonly decode: DecodePicture;
  readonly orientation: SegmentationProtocol["orientation"];
  readonly signal?: AbortSignal | undefined;
}

/** The samples of each step, from 0. */
export function trainingSamples(
  set: SegmentationSet,
  options: { readonly protocol: OnlineSegmentationProtocol } & Omit<ReadingOptions, "orientation">,
): (step: number) => Promise<TrainingSamples<Tensor<"float32">>> {
  const { protocol } = options;
  const { batch, seed, cropSize: size } = protocol;
  const order = batchOrder({ rows: set.length, batch, seed });
  const perEpoch = Math.floor(set.length / batch);
  return async (step) => {
    const epoch = Math.floor(step / perEpoch);
    const made = await Promise.all(
      Array.from(order(step), (index) => sampleOf(set, { ...options, epoch, index })),
    );
    const samples = made.map(({ sample }) => sample);
    const { pixelValues, labels } = packSegmentation(samples, { size });
    return {
      input: pixelValues,
      labels,
      unreadable: made.flatMap(({ unreadable }) => unreadable),
      unlabelled: samples.filter(({ label }) => isUnlabelled(label)).length,
    };
  };
}

/** The crop of the picture at an index; where it cannot be read, that of the next one that can. */
async function sampleOf(
  set: SegmentationSet,
  options: Omit<ReadingOptions, "orientation"> & {
    readonly protocol: OnlineSegmentationProtocol;
    readonly epoch: number;
    readonly index: number;
  },
): Promise<{
  readonly sample: SegmentationSample;
  readonly unreadable: readonly UnreadablePicture[];
}> {
  const { protocol, epoch } = options;
  const { seed, cropSize, orientation, augmentation } = protocol;
  const { limits, ratio, maxClassShare, flip: flipProbability, distort } = augmentation;
  const unreadable: UnreadablePicture[] = [];
  for (let tried = 0; tried < Math.min(MAX_REPLACEMENTS, set.length); tried++) {
    const index = (options.index + tried) % set.length;
    const found = await readSample(set, { ...options, index, orientation });
    if ("unreadable" in found) {
      if (protocol.unreadable.train === "fail") throw unreadableError(found.unreadable);
      unreadable.push(found.unreadable);
      continue;
    }
    const key = { seed, epoch, index };
    const drawn = drawSegmentation(found.label, {
      ...key,
      cropSize,
      limits,
      ratio,
      maxClassShare,
      flipProbability,
      distort,
    });
    return { sample: applySegmentation(found, drawn), unreadable };
  }
  throw new EvalError(
    "invalid-data",
    `${set.name}: ${unreadable.length} pictures in a row cannot be read, from index ${options.index} on; ${unreadable[0]?.message}`,
    { subject: set.name },
  );
}

/** A picture with its labels, or why there is none. */
export async function readSample(
  set: SegmentationSet,
  { index, signal, ...options }: ReadingOptions & { readonly index: number },
): Promise<SegmentationSample | { readonly unreadable: UnreadablePicture }> {
  signal?.throwIfAborted();
  const { key } = await set.picture(index);
  try {
    return await readSegmentationSample(set, { index, signal, ...options });
  } catch (error) {
    signal?.throwIfAborted();
    if (!isPreprocessError(error) && !isEvalError(error)) throw error;
    return { unreadable: unreadablePicture(set, { index, key, error }) };
  }
}

/** Whether no pixel belongs to a class. */
export function isUnlabelled({ data }: LabelMap): boolean {
  return data.every((label) => label === IGNORED_LABEL);
}

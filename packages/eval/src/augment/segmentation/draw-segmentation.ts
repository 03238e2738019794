// What a segmentation probe sees of a training picture and its labels (MMSegmentation 0.30: Resize with a ratio range,
// RandomCrop with cat_max_ratio, RandomFlip, PhotoMetricDistortion), drawn before anything is computed: only the label
// map is looked at.
//
// Deviation: the draws are the reference's in kind, not NumPy's numbers: they come from a generator of the sample's own.

import type { Random } from "@internvit/model-core";
import type { Window } from "@internvit/preprocess";

import { sampleRandom, type SampleKey } from "../draw-source.ts";
import { classShareAllows, countLabels } from "./class-share.ts";
import { type DistortionStep, drawDistortion } from "./distortion.ts";
import type { LabelMap } from "./label-map.ts";
import { type ScaleLimits, type Size, trainingSize } from "./sizes.ts";

/** How a picture and its labels become a training sample, as plain data. */
export interface SegmentationDraw {
  /** The size that both are resized to. */
  readonly size: Size;
  /** The part of that which is kept. */
  readonly window: Window;
  /** Whether it is mirrored along x. */
  readonly flip: boolean;
  /** What then happens to the picture's colours. */
  readonly distortion: readonly DistortionStep[];
}

/** Which sample is drawn for, and from what. */
export interface SegmentationDrawOptions extends SampleKey {
  /** Pixels per edge of the crop; a side that is shorter is kept whole. Default 504. */
  readonly cropSize?: number;
  /** Limits of the resized picture at ratio 1. Default 2016 and 504. */
  readonly limits?: ScaleLimits;
  /** Least and largest ratio by which the limits are multiplied. Default 0.5 and 2. */
  readonly ratio?: readonly [number, number];
  /** A crop in which one class has this share is drawn again. 1: any crop is taken. Default 0.75. */
  readonly maxClassShare?: number;
  /** Default 0.5. */
  readonly flipProbability?: number;
  /** Whether colours are distorted. Default true. */
  readonly distort?: boolean;
}

/** Crops that are looked at; the one after them is taken as it is. */
const CROP_CHECKS = 10;

/**
 * Draws size, crop, flip and colours for a sample: the same for the same seed, epoch, index and labels, on any machine.
 *
 * @param label the labels at the picture's own size, with what is ignored already `IGNORED_LABEL`
 * @throws ModelError `invalid-argument` for a seed, epoch or index out of range
 */
export function drawSegmentation(
  label: LabelMap,
  options: SegmentationDrawOptions,
): SegmentationDraw {
  const { limits = { long: 2016, short: 504 }, ratio = [0.5, 2], distort = true } = options;
  const { cropSize = 504, maxClassShare = 0.75, flipProbability = 0.5 } = options;
  const random = sampleRandom(options, "segmentation");
  const drawnRatio = ratio[0] + (ratio[1] - ratio[0]) * random.uniform();
  const size = trainingSize(label, { limits, ratio: drawnRatio });
  const window = drawCrop(label, { random, size, cropSize, maxClassShare });
  const flip = random.uniform() < flipProbability;
  return { size, window, flip, distortion: distort ? drawDistortion(random) : [] };
}

function drawCrop(
  label: LabelMap,
  crop: {
    readonly random: Random;
    readonly size: Size;
    readonly cropSize: number;
    readonly maxClassShare: number;
  },
): Window {
  const { random, size, cropSize, maxClassShare } = crop;
  const width = Math.min(size.width, cropSize);
  const height = Math.min(size.height, cropSize);
  const draw = (): Window => ({
    top: random.integer(0, size.height - height),
    left: random.integer(0, size.width - width),
    width,
    height,
  });
  let window = draw();
  // A crop that is the whole picture stays what it is, however often it is drawn.
  const choice = width < size.width || height < size.height;
  const checks = choice && maxClassShare < 1 ? CROP_CHECKS : 0;
  for (let check = 0; check < checks; check++) {
    if (classShareAllows(countLabels(label, { ...size, window }), maxClassShare)) break;
    window = draw();
  }
  return window;
}

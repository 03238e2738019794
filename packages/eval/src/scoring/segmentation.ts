// Metrics of semantic segmentation: intersections and unions per class, summed over the pictures of a set. Reference:
// MMSegmentation 0.30, mmseg/core/evaluation/metrics.py, intersect_and_union and total_area_to_metrics.

import { IGNORED_LABEL, withoutZero } from "../augment/segmentation/label-map.ts";
import { EvalError } from "../errors.ts";

/** Pixel counts by class. */
export interface SegmentationCounts {
  readonly intersection: readonly number[];
  readonly union: readonly number[];
  readonly predicted: readonly number[];
  readonly labelled: readonly number[];
}

/** The counts that all others follow from, still being summed. */
export interface AreaCounts {
  readonly intersection: Float64Array;
  readonly predicted: Float64Array;
  readonly labelled: Float64Array;
}

/** Scores from 0 to 1; null where there is nothing to score. */
export interface SegmentationScore {
  readonly counts: SegmentationCounts;
  /** By class; null for one that is neither predicted nor labelled. */
  readonly iou: readonly (number | null)[];
  /** By class; null for one that no pixel is labelled with. */
  readonly accuracy: readonly (number | null)[];
  /** Means over the classes that are not null. */
  readonly meanIou: number | null;
  readonly meanAccuracy: number | null;
  /** Share of right pixels. */
  readonly pixelAccuracy: number | null;
}

/** Scores segmentations as they come. */
export interface SegmentationScorer {
  /**
   * Adds a picture: class indices of its pixels, predicted and labelled, in the same order.
   *
   * @throws EvalError `invalid-argument` for sizes that differ, `invalid-data` for a prediction out of range
   */
  add(prediction: Uint8Array, label: Uint8Array): void;
  score(): SegmentationScore;
}

/** Options of `createSegmentationScorer`. */
export interface SegmentationScorerOptions {
  readonly classes: number;
  /** Whether label 0 is "other", which does not count, and label i means class i − 1 (ADE20K); default false. */
  readonly reduceZeroLabel?: boolean;
}

/** A scorer for one set. Labels that are no class are ignored, as in the reference. */
export function createSegmentationScorer(options: SegmentationScorerOptions): SegmentationScorer {
  const { classes, reduceZeroLabel = false } = options;
  const [intersection, predicted, labelled] = [0, 1, 2].map(() => new Float64Array(classes));
  const add = (prediction: Uint8Array, label: Uint8Array): void => {
    if (prediction.length !== label.length) {
      throw new EvalError(
        "invalid-argument",
        `a label of ${label.length} pixels for a prediction of ${prediction.length}`,
      );
    }
    for (let pixel = 0; pixel < label.length; pixel += 1) {
      const stored = label[pixel]!;
      const truth = reduceZeroLabel ? withoutZero(stored) : stored;
      if (truth === IGNORED_LABEL) continue;
      const answer = prediction[pixel]!;
      if (answer >= classes) {
        throw new EvalError(
          "invalid-data",
          `pixel ${pixel}: expected a class below ${classes}, found ${answer}`,
        );
      }
      predicted![answer]! += 1;
      if (truth < classes) labelled![truth]! += 1;
      if (truth === answer) intersection![answer]! += 1;
    }
  };
  return {
    add,
    score: () =>
      scoreOfCounts({
        intersection: intersection!,
        predicted: predicted!,
        labelled: labelled!,
      }),
  };
}

/** The scores of pixels that were counted; each is a count for every class. */
export function scoreOfCounts({
  intersection,
  predicted,
  labelled,
}: AreaCounts): SegmentationScore {
  const union = intersection.map((both, at) => predicted[at]! + labelled[at]! - both);
  const iou = shares(intersection, union);
  const accuracy = shares(intersection, labelled);
  const pixels = sum(labelled);
  return {
    counts: {
      intersection: [...intersection],
      union: [...union],
      predicted: [...predicted],
      labelled: [...labelled],
    },
    iou,
    accuracy,
    meanIou: meanOf(iou),
    meanAccuracy: meanOf(accuracy),
    pixelAccuracy: pixels === 0 ? null : sum(intersection) / pixels,
  };
}

function shares(parts: Float64Array, wholes: Float64Array): readonly (number | null)[] {
  return Array.from(parts, (part, at) => (wholes[at] === 0 ? null : part / wholes[at]!));
}

/** The mean of the values that are not null; null without any. */
export function meanOf(values: readonly (number | null)[]): number | null {
  const present = values.filter((value) => value !== null);
  return present.length === 0 ? null : sum(present) / present.length;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

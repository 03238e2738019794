// Scores of a set of segmented pictures: counts by class over the whole set, of pixels and of boundary pixels. Counts are
// whole numbers far below 2^53, so that sums are exact in any order, and so is a state that was stored and read again.

import type { LabelMap } from "../augment/segmentation/label-map.ts";
import { EvalError } from "../errors.ts";
import type { SegmentationSetScore } from "../results/segmentation-result.ts";
import { countBoundaries } from "./boundary.ts";
import { type AreaCounts, createSegmentationScorer, scoreOfCounts } from "./segmentation.ts";

/** What was counted so far, a number for every class; plain JSON. */
export interface SegmentationSetState {
  readonly pixels: StoredCounts;
  readonly boundaries: StoredCounts;
}

/** Counts by class. */
export interface StoredCounts {
  readonly intersection: readonly number[];
  readonly predicted: readonly number[];
  readonly labelled: readonly number[];
}

/** Scores the pictures of a set as they come, in any order. */
export interface SegmentationSetScorer {
  /**
   * Adds a picture. `meanIou` is the mean over the classes that are predicted or labelled in this picture alone, from 0 to
   * 1; null where no pixel has a class.
   *
   * @throws EvalError `invalid-argument` for sizes that differ, `invalid-data` for a prediction that is no class; nothing
   * is added then
   */
  add(prediction: LabelMap, label: LabelMap): { readonly meanIou: number | null };
  /** What `restore` goes on from. */
  state(): SegmentationSetState;
  /**
   * Takes the place of what was added.
   *
   * @throws EvalError `invalid-data` for a state of other classes, or one that holds other than counts
   */
  restore(state: SegmentationSetState): void;
  /** The scores of what was added. */
  score(): Omit<SegmentationSetScore, "pictures" | "unreadable">;
}

const AREAS = ["intersection", "predicted", "labelled"] as const;

/** A scorer for one set of so many classes. */
export function createSegmentationSetScorer({
  classes,
}: {
  readonly classes: number;
}): SegmentationSetScorer {
  const pixels = emptyCounts(classes);
  const boundaries = emptyCounts(classes);
  return {
    add(prediction, label) {
      if (prediction.width !== label.width || prediction.height !== label.height) {
        throw new EvalError(
          "invalid-argument",
          `labels of ${label.width}x${label.height} pixels for a prediction of ${prediction.width}x${prediction.height}`,
        );
      }
      const picture = createSegmentationScorer({ classes });
      picture.add(prediction.data, label.data);
      const { counts, meanIou } = picture.score();
      for (const area of AREAS) {
        for (let at = 0; at < classes; at += 1) pixels[area][at]! += counts[area][at]!;
      }
      countBoundaries(boundaries, { prediction, label });
      return { meanIou };
    },
    state: () => ({ pixels: toStored(pixels), boundaries: toStored(boundaries) }),
    restore(state) {
      const stored = [
        checkedCounts(state.pixels, classes),
        checkedCounts(state.boundaries, classes),
      ] as const;
      for (const area of AREAS) {
        pixels[area].set(stored[0][area]);
        boundaries[area].set(stored[1][area]);
      }
    },
    score() {
      const { counts, iou, accuracy, meanIou, meanAccuracy, pixelAccuracy } = scoreOfCounts(pixels);
      const { intersection, predicted, labelled } = counts;
      const edges = scoreOfCounts(boundaries);
      return {
        meanIou,
        meanAccuracy,
        pixelAccuracy,
        boundaryIou: edges.meanIou,
        perClass: { iou, accuracy, boundaryIou: edges.iou, intersection, predicted, labelled },
      };
    },
  };
}

function emptyCounts(classes: number): AreaCounts {
  return {
    intersection: new Float64Array(classes),
    predicted: new Float64Array(classes),
    labelled: new Float64Array(classes),
  };
}

function toStored({ intersection, predicted, labelled }: AreaCounts): StoredCounts {
  return {
    intersection: [...intersection],
    predicted: [...predicted],
    labelled: [...labelled],
  };
}

function checkedCounts(counts: StoredCounts, classes: number): StoredCounts {
  for (const area of AREAS) {
    // Whatever was stored is looked at as such: a state is read from a file.
    const values: unknown = (counts as Partial<StoredCounts> | undefined)?.[area];
    if (!Array.isArray(values) || values.length !== classes || !values.every(isCount)) {
      throw new EvalError(
        "invalid-data",
        `a state of scores: expected ${classes} counts of "${area}", found ${Array.isArray(values) ? `${values.length} values` : typeof values}`,
      );
    }
  }
  return counts;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

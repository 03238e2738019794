// Two segmentation results: what was different about them, and what came of it. Whether a difference of mIoU is chance
// cannot be told from the counts of a set, so nothing is said about it.

import type { JsonFacts } from "@internvit/model-core";

import { commonIdentity, type DifferingField, differingFields } from "./differing-fields.ts";
import { difference } from "./result-table.ts";
import type { SegmentationResult } from "./segmentation-result.ts";
import { percentOf } from "./segmentation-summary.ts";

/** A score in two results, in percent. */
export interface ScoreComparison {
  readonly first: number | null;
  readonly second: number | null;
  /** `second − first`. */
  readonly difference: number | null;
}

/** A class in two results. */
export interface ClassComparison {
  readonly name: string;
  readonly iou: ScoreComparison;
  readonly accuracy: ScoreComparison;
  readonly boundaryIou: ScoreComparison;
}

/** A comparison of two segmentation results by their first heads. */
export interface SegmentationComparison {
  /** Fields of model, protocol, data, seed and environment that differ. */
  readonly differences: readonly DifferingField[];
  /** Whether the scored pictures are the same, by the hashes of their lists. */
  readonly samePictures: boolean;
  readonly scores: Readonly<
    Record<"meanIou" | "meanAccuracy" | "pixelAccuracy" | "boundaryIou", ScoreComparison>
  >;
  /** Classes of both by name: those whose IoU differs most come first, then those that lack it in one. */
  readonly classes: readonly ClassComparison[];
  /** Names of the classes that only one of them has. */
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
}

/** Compares two segmentation results. */
export function compareSegmentation(
  first: SegmentationResult,
  second: SegmentationResult,
): SegmentationComparison {
  const [one, other] = [first.val.scores[0]!, second.val.scores[0]!];
  const inSecond = new Map(second.val.classes.map((name, at) => [name, at]));
  const inFirst = new Set(first.val.classes);
  const classes = first.val.classes.flatMap((name, at): readonly ClassComparison[] => {
    const place = inSecond.get(name);
    if (place === undefined) return [];
    const [here, there] = [one.perClass, other.perClass];
    return [
      {
        name,
        iou: compared(here.iou[at]!, there.iou[place]!),
        accuracy: compared(here.accuracy[at]!, there.accuracy[place]!),
        boundaryIou: compared(here.boundaryIou[at]!, there.boundaryIou[place]!),
      },
    ];
  });
  return {
    differences: differingFields(identity(first), identity(second)),
    samePictures: first.val.data.listHash === second.val.data.listHash,
    scores: {
      meanIou: compared(one.meanIou, other.meanIou),
      meanAccuracy: compared(one.meanAccuracy, other.meanAccuracy),
      pixelAccuracy: compared(one.pixelAccuracy, other.pixelAccuracy),
      boundaryIou: compared(one.boundaryIou, other.boundaryIou),
    },
    classes: classes.toSorted((a, b) => sizeOf(b.iou) - sizeOf(a.iou)),
    onlyFirst: [...inFirst].filter((name) => !inSecond.has(name)),
    onlySecond: [...inSecond.keys()].filter((name) => !inFirst.has(name)),
  };
}

/** What has a say in the numbers. */
function identity(result: SegmentationResult): JsonFacts {
  const { name, listHash, classes } = result.val.data;
  return { ...commonIdentity(result), val: { name, listHash, classes } };
}

function compared(first: number | null, second: number | null): ScoreComparison {
  const [one, other] = [percentOf(first), percentOf(second)];
  return { first: one, second: other, difference: difference(other, one) };
}

function sizeOf({ difference: gap }: ScoreComparison): number {
  return gap === null ? -1 : Math.abs(gap);
}

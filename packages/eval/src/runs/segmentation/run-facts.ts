// What a segmentation run keeps beside its training, as JSON, and what of it comes into the outcome.

import type { HeadFacts, LearningCurve } from "../../results/result.ts";
import type {
  SegmentationExample,
  SegmentationSetResult,
  SegmentationSetScore,
} from "../../results/segmentation-result.ts";
import { curveOf, curveThrough } from "../curves.ts";
import type { UnreadablePicture } from "../run-events.ts";
import { trainingWarnings } from "../unreadable-pictures.ts";
import type { PartSeconds } from "../stopwatch.ts";
import type { ScoringState } from "./set-scoring.ts";

/** Everything but the training's own state. */
export interface SegmentationFacts {
  /** Of each update. */
  losses: number[];
  norms: number[];
  rates: number[];
  /** Of each scoring that is complete. */
  scorings: ScoredHead[];
  /** With the largest mean IoU; of equal ones the first. */
  best: BestHead | null;
  last: SegmentationSetScore | null;
  /** Of the scoring that is not complete. */
  partial: ScoringState | null;
  /** Training pictures whose places others took. */
  unreadable: UnreadablePicture[];
  /** Training samples without a pixel that belongs to a class. */
  unlabelled: number;
  seconds: PartSeconds;
  resumed: number;
}

/** One scoring. */
export interface ScoredHead {
  readonly iteration: number;
  readonly meanIou: number | null;
  readonly meanAccuracy: number | null;
  readonly pixelAccuracy: number | null;
}

/** The head that is kept. */
export interface BestHead {
  readonly iteration: number;
  readonly score: SegmentationSetScore;
  readonly unreadable: SegmentationSetResult["unreadable"];
  readonly examples: readonly SegmentationExample[];
}

/** Nothing yet. */
export function firstFacts(): SegmentationFacts {
  return {
    losses: [],
    norms: [],
    rates: [],
    scorings: [],
    best: null,
    last: null,
    partial: null,
    unreadable: [],
    unlabelled: 0,
    seconds: {},
    resumed: 0,
  };
}

/** Whether a score is better than the best so far, as the published code keeps heads. */
export function isBetter(
  { meanIou }: SegmentationSetScore,
  best: SegmentationFacts["best"],
): boolean {
  return best === null || (meanIou ?? -1) > (best.score.meanIou ?? -1);
}

/** The curves of a run. */
export function curvesOf(facts: SegmentationFacts, val: string): readonly LearningCurve[] {
  const { losses, norms, rates, scorings } = facts;
  const scores = [
    ["mIoU", "meanIou"],
    ["mAcc", "meanAccuracy"],
    ["aAcc", "pixelAccuracy"],
  ] as const;
  return [
    curveOf(losses, { name: "training loss", line: "", x: "step", unit: "loss" }),
    curveOf(norms, { name: "gradient norm", line: "", x: "step", unit: "norm" }),
    curveOf(rates, { name: "learning rate", line: "", x: "step", unit: "rate" }),
    ...scores.map(([name, field]) =>
      curveThrough(
        scorings.map((scored) => {
          const share = scored[field];
          return [scored.iteration, share === null ? null : 100 * share];
        }),
        { name: `${name} of ${val}`, line: "", x: "step", unit: "percent" },
      ),
    ),
  ];
}

/** The heads of a result with their scores: the best one, where there was a choice, and the last. */
export function headsOf(
  { scorings, best, last }: SegmentationFacts,
  val: string,
): readonly { readonly head: HeadFacts; readonly score: SegmentationSetScore }[] {
  const { iteration } = scorings.at(-1)!;
  const final = {
    head: { name: "last", epoch: null, choice: `last iteration, ${iteration}` },
    score: last!,
  };
  if (scorings.length === 1) return [final];
  const choice = `best mIoU of ${val}, iteration ${best!.iteration}, as the published recipe keeps it`;
  return [{ head: { name: "best", epoch: null, choice }, score: best!.score }, final];
}

/** What a reader should know of the training pictures. */
export function warningsOf(
  { unreadable, unlabelled, losses }: SegmentationFacts,
  { batch, replaced }: { readonly batch: number; readonly replaced: boolean },
): readonly string[] {
  const warnings = [...trainingWarnings(unreadable, { replaced })];
  if (unlabelled > 0) {
    warnings.push(
      `${unlabelled} of ${losses.length * batch} training samples had no pixel that belongs to a class`,
    );
  }
  return warnings;
}

// What a run tells of the heads of a grid.

import type { GridEntry, LearningCurve } from "../results/result.ts";
import { curveOf } from "./curves.ts";
import type { GridHead } from "./head-grid.ts";

/** What is told of each head. */
export function gridEntries(
  heads: readonly GridHead[],
  facts: {
    readonly last: readonly number[];
    /** Of the last epoch. */
    readonly losses: readonly (readonly number[])[];
    readonly best: number;
  },
): readonly GridEntry[] {
  const { last, losses, best } = facts;
  return heads.map(({ learningRate, weightDecay }, at) => ({
    learningRate,
    weightDecay,
    heldOut: last[at] ?? null,
    trainLoss: losses.reduce((total, row) => total + row[at]!, 0) / losses.length,
    chosen: at === best,
  }));
}

/** The losses of each head by step, and its held-out scores by epoch. */
export function gridCurves({
  heads,
  losses,
  heldOut,
}: {
  readonly heads: readonly GridHead[];
  /** Of each step, by head. */
  readonly losses: readonly (readonly number[])[];
  /** Of each epoch, by head. */
  readonly heldOut: readonly (readonly number[])[];
}): readonly LearningCurve[] {
  return heads.flatMap(({ name }, at) => [
    curveOf(
      losses.map((row) => row[at]!),
      { name: "training loss", line: name, x: "step", unit: "loss" },
    ),
    curveOf(
      heldOut.map((row) => row[at]!),
      { name: "top-1 of held-out pictures", line: name, x: "epoch", unit: "percent" },
    ),
  ]);
}

// What was measured in every step, as curves of a result.

import { type LearningCurve, MAX_CURVE_POINTS, type SetResult } from "../results/result.ts";
import { HEAD_NAMES } from "./online-heads.ts";

/** A curve over steps or epochs counted from 1; longer ones are thinned out evenly, the last point stays. */
export function curveOf(
  values: readonly (number | null)[],
  facts: Omit<LearningCurve, "points">,
): LearningCurve {
  return curveThrough(
    values.map((value, at) => [at + 1, value]),
    facts,
  );
}

/** The same through points of x and value. */
export function curveThrough(
  all: readonly (readonly [number, number | null])[],
  facts: Omit<LearningCurve, "points">,
): LearningCurve {
  const each = Math.ceil(all.length / MAX_CURVE_POINTS);
  const points = all.flatMap(([x, value], at): readonly (readonly [number, number])[] =>
    value !== null && (all.length - 1 - at) % each === 0 ? [[x, value]] : [],
  );
  return { ...facts, points };
}

/** The curves of an online run. */
export function onlineCurves(measured: {
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly rates: readonly number[];
  /** The scores of all sets after each epoch. */
  readonly scored: readonly (readonly SetResult[])[];
}): readonly LearningCurve[] {
  const { losses, norms, rates, scored } = measured;
  const sets = scored[0] ?? [];
  return [
    curveOf(losses, { name: "training loss", line: "", x: "step", unit: "loss" }),
    curveOf(norms, { name: "gradient norm", line: "", x: "step", unit: "norm" }),
    curveOf(rates, { name: "learning rate", line: "", x: "step", unit: "rate" }),
    ...sets.flatMap(({ data, scores }, at) =>
      scores.map((_, head) =>
        curveOf(
          scored.map((epoch) => epoch[at]!.scores[head]!.top1),
          { name: `top-1 of ${data.name}`, line: HEAD_NAMES[head]!, x: "epoch", unit: "percent" },
        ),
      ),
    ),
  ];
}

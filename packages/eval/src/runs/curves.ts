// What was measured in every step, as curves of a result.

import { type LearningCurve, MAX_CURVE_POINTS } from "../results/result.ts";

/** A curve over steps or epochs counted from 1; longer ones are thinned out evenly, the last point stays. */
export function curveOf(
  values: readonly (number | null)[],
  facts: Omit<LearningCurve, "points">,
): LearningCurve {
  const each = Math.ceil(values.length / MAX_CURVE_POINTS);
  const points = values.flatMap((value, at): readonly (readonly [number, number])[] =>
    value !== null && (values.length - 1 - at) % each === 0 ? [[at + 1, value]] : [],
  );
  return { ...facts, points };
}

// How far a run is and how long it still takes, over all its stages: what was measured in a stage counts for the rest
// of it, what the plan estimated for the stages that have not begun.

import type { OnRunEvent, RunStage } from "./run-events.ts";

/** Work of one kind. */
export interface PlannedStage {
  readonly stage: RunStage;
  readonly total: number;
  readonly unit: "pictures" | "updates";
  /** Milliseconds for each; undefined where nothing is known. */
  readonly cost?: number | undefined;
}

/** Counts work and says how far it is. */
export interface RunProgress {
  /** Work that an earlier run has done: it counts, but its time is not known. */
  skip(stage: RunStage, count: number): void;
  /** Work that took `milliseconds`. */
  advance(stage: RunStage, work: { readonly count: number; readonly milliseconds: number }): void;
}

/** Progress over stages. */
export function createProgress(stages: readonly PlannedStage[], onEvent: OnRunEvent): RunProgress {
  const states = new Map(
    stages.map((stage) => [stage.stage, { ...stage, done: 0, measured: 0, milliseconds: 0 }]),
  );
  const remaining = (): number | undefined => {
    let sum = 0;
    for (const { total, done, measured, milliseconds, cost } of states.values()) {
      if (done >= total) continue;
      const each = measured > 0 ? milliseconds / measured : cost;
      if (each === undefined) return undefined;
      sum += (total - done) * each;
    }
    return sum;
  };
  const move = (stage: RunStage, count: number, milliseconds: number | undefined): void => {
    const state = states.get(stage);
    if (state === undefined) return;
    state.done += count;
    if (milliseconds !== undefined) {
      state.measured += count;
      state.milliseconds += milliseconds;
    }
    const { done, total, unit } = state;
    onEvent({ kind: "progress", stage, done, total, unit, remainingMilliseconds: remaining() });
  };
  return {
    skip: (stage, count) => move(stage, count, undefined),
    advance: (stage, { count, milliseconds }) => move(stage, count, milliseconds),
  };
}

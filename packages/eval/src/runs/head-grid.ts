// The heads of a grid: one for each pair of learning rate and weight decay, all with the same first values.

import type { FeaturesProtocol } from "../protocols/protocol.ts";

/** One head. */
export interface GridHead {
  /** In the training session. */
  readonly name: string;
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** The heads of a protocol, learning rates within weight decays. */
export function gridHeads({ grid }: Pick<FeaturesProtocol, "grid">): readonly GridHead[] {
  return grid.weightDecays.flatMap((weightDecay) =>
    grid.learningRates.map((learningRate) => ({
      name: `lr=${learningRate},wd=${weightDecay}`,
      learningRate,
      weightDecay,
    })),
  );
}

/** The position of the best score; of equal ones the first: the smaller rate where rates ascend. */
export function bestOf(scores: readonly number[]): number {
  return scores.reduce((best, score, at) => (score > scores[best]! ? at : best), 0);
}

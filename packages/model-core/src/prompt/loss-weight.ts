// How much one trained token of a packed sample counts in the next-token loss sum(weight · loss) / sum(weight)
// (InternVL 2.5 report, section 3.3, and `loss_reduction` of its training code).

import { assertCount } from "../tiling/image-size.ts";

/**
 * What counts equally: every `"token"`, every `"sample"` whatever its length, or (`"square"`, what InternVL 2.5 was
 * trained with) something between the two.
 */
export type LossReduction = "token" | "sample" | "square";

/**
 * The weight of each trained token of a sample that has so many of them: 1, 1/x or 1/√x. A sample without trained
 * tokens has weight 0. Untrained tokens always have weight 0.
 *
 * @throws ModelError `invalid-argument`
 */
export function lossWeight(trainedTokens: number, reduction: LossReduction): number {
  if (trainedTokens === 0) return 0;
  assertCount("trainedTokens", trainedTokens);
  if (reduction === "token") return 1;
  return reduction === "sample" ? 1 / trainedTokens : 1 / Math.sqrt(trainedTokens);
}

// Whether a difference of two scores may be chance. Pictures that both heads saw are compared one by one (McNemar 1947):
// only those that one head has right and the other wrong say something. Without them, two independent shares.

import { decodeOutcomes, wasRight } from "../scoring/outcomes.ts";
import { binomialError } from "./summarize.ts";

/** Two heads on the same pictures. */
export interface PairedOutcomes {
  /** Pictures that only the first, and only the second has right. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Probability of a split at least as uneven if both were equally good: exact, two-sided. */
  readonly pValue: number;
}

/** Compares outcomes of `count` pictures in the same order. */
export function pairOutcomes(
  [first, second]: readonly [string, string],
  count: number,
): PairedOutcomes {
  const [one, other] = [decodeOutcomes(first, count), decodeOutcomes(second, count)];
  let [onlyFirst, onlySecond] = [0, 0];
  for (let at = 0; at < count; at += 1) {
    const right = wasRight(one, at);
    if (right === wasRight(other, at)) continue;
    if (right) onlyFirst += 1;
    else onlySecond += 1;
  }
  return { onlyFirst, onlySecond, pValue: signTest(onlyFirst, onlySecond) };
}

/** Two-sided probability that fair coins fall as unevenly as `heads` to `tails` or more. */
export function signTest(heads: number, tails: number): number {
  const total = heads + tails;
  const fewer = Math.min(heads, tails);
  // In logarithms: 2^-total is 0 beyond a thousand.
  let logTerm = -total * Math.LN2;
  let tail = Math.exp(logTerm);
  for (let at = 1; at <= fewer; at += 1) {
    logTerm += Math.log((total - at + 1) / at);
    tail += Math.exp(logTerm);
  }
  return Math.min(1, 2 * tail);
}

/** Standard error of the difference of two independent scores in percent; null where one is missing. */
export function errorOfDifference(
  first: { readonly top1: number | null; readonly scored: number },
  second: { readonly top1: number | null; readonly scored: number },
): number | null {
  const errors = [first, second].map(({ top1, scored }) => binomialError(top1, scored));
  return errors.includes(null) ? null : Math.hypot(...(errors as number[]));
}

// Two results: what was different about them, and what came of it. A difference of scores means something only beside
// the differences of what was done, so both are told together.

import type { JsonFacts } from "@internvit/model-core";

import { commonIdentity, type DifferingField, differingFields } from "./differing-fields.ts";
import { difference } from "./result-table.ts";
import type { ClassificationResult, SetResult } from "./result.ts";
import { errorOfDifference, type PairedOutcomes, pairOutcomes } from "./significance.ts";

/** What may be said of a difference: chance explains it (p ≥ 0.05, or less than 2 standard errors), or hardly. */
export type Significance = "same" | "within chance" | "beyond chance" | "unknown";

/** The scores of one set in two results. */
export interface SetComparison {
  readonly name: string;
  /** Whether keys and labels are the same; scores of other pictures are compared as independent. */
  readonly samePictures: boolean;
  readonly first: number | null;
  readonly second: number | null;
  /** `second − first` in percent. */
  readonly difference: number | null;
  /** Of the difference, for independent samples. */
  readonly standardError: number | null;
  /** Picture by picture; null for other pictures, or where outcomes were not kept. */
  readonly paired: PairedOutcomes | null;
  readonly significance: Significance;
}

/** A comparison of two results. */
export interface ResultComparison {
  /** Fields of model, protocol, data, seed and environment that differ. */
  readonly differences: readonly DifferingField[];
  /** Sets of both, in the order of the first. */
  readonly sets: readonly SetComparison[];
  /** Names of the sets that only one of them has. */
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
}

/** Compares two results by their first heads. */
export function compareResults(
  first: ClassificationResult,
  second: ClassificationResult,
): ResultComparison {
  const inSecond = new Map(second.sets.map((set) => [set.data.name, set]));
  const inFirst = new Set(first.sets.map(({ data }) => data.name));
  return {
    differences: differingFields(identity(first), identity(second)),
    sets: first.sets.flatMap((set) => {
      const other = inSecond.get(set.data.name);
      return other === undefined ? [] : [compareSets(set, other)];
    }),
    onlyFirst: [...inFirst].filter((name) => !inSecond.has(name)),
    onlySecond: [...inSecond.keys()].filter((name) => !inFirst.has(name)),
  };
}

/** What has a say in the numbers. */
function identity(result: ClassificationResult): JsonFacts {
  return {
    ...commonIdentity(result),
    sets: Object.fromEntries(
      result.sets.map(({ data, restricted }) => [
        data.name,
        { listHash: data.listHash, restricted },
      ]),
    ),
  };
}

function compareSets(first: SetResult, second: SetResult): SetComparison {
  const [one, other] = [first.scores[0]!, second.scores[0]!];
  const samePictures = first.data.listHash === second.data.listHash;
  const gap = difference(other.top1, one.top1);
  const standardError = errorOfDifference(one, other);
  const paired =
    samePictures && one.outcomes !== null && other.outcomes !== null
      ? pairOutcomes([one.outcomes, other.outcomes], first.data.length)
      : null;
  return {
    name: first.data.name,
    samePictures,
    first: one.top1,
    second: other.top1,
    difference: gap,
    standardError,
    paired,
    significance: significanceOf(gap, { paired, standardError }),
  };
}

function significanceOf(
  gap: number | null,
  facts: {
    readonly paired: PairedOutcomes | null;
    readonly standardError: number | null;
  },
): Significance {
  const { paired, standardError } = facts;
  if (gap === null || standardError === null) return "unknown";
  if (paired !== null) {
    if (paired.onlyFirst + paired.onlySecond === 0) return "same";
    return paired.pValue < 0.05 ? "beyond chance" : "within chance";
  }
  if (gap === 0) return "same";
  return Math.abs(gap) > 2 * standardError ? "beyond chance" : "within chance";
}

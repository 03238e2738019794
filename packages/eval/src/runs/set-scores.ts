// Scores of one set by one or several heads, collected while logits come.

import type { ClassificationSet, LabelledPicture } from "../datasets/classification-set.ts";
import { EvalError } from "../errors.ts";
import type { DataFacts, SetResult } from "../results/result.ts";
import { createScorer, type ScorerOptions } from "../scoring/scorer.ts";
import type { UnreadablePicture } from "./run-events.ts";
import { reasonOf } from "./unreadable-pictures.ts";

/** Collects the scores of a set. */
export interface SetScores {
  /** Pictures of these indices with a row [classes] each of every head's scores. */
  add(index: ArrayLike<number>, scores: readonly Float32Array[]): Promise<void>;
  /** Pictures that could not be read. */
  addUnreadable(pictures: readonly UnreadablePicture[]): Promise<void>;
  result(): SetResult;
}

/** Options of `collectScores`. */
export interface CollectOptions extends Pick<ScorerOptions, "scores" | "unreadable"> {
  /** Of the training set: the columns of the scores. */
  readonly classes: readonly string[];
  /** How many are scored. */
  readonly heads: number;
}

/** Scores of a set that is read in its order. */
export function collectScores(set: ClassificationSet, options: CollectOptions): SetScores {
  const { classes, heads, ...scoring } = options;
  const scorers = Array.from({ length: heads }, () =>
    createScorer({
      ...scoring,
      width: classes.length,
      ...(set.columns !== undefined && { columns: set.columns }),
      outcomesOf: set.length,
    }),
  );
  return {
    async add(index, scores) {
      const pictures: LabelledPicture[] = [];
      for (let row = 0; row < index.length; row++) pictures.push(await set.picture(index[row]!));
      for (const [head, scorer] of scorers.entries()) scorer.add(pictures, scores[head]!);
    },
    async addUnreadable(pictures) {
      for (const unreadable of pictures) {
        const picture = await set.picture(unreadable.index);
        for (const scorer of scorers) scorer.addUnreadable(picture, reasonOf(unreadable));
      }
    },
    result: () => ({
      data: dataFacts(set),
      classes: set.classes,
      restricted: set.columns !== undefined,
      scores: scorers.map((scorer) => scorer.score()),
      unreadable: scorers[0]?.unreadable() ?? [],
    }),
  };
}

/** What a set of any task says of itself. */
export type NamedSet = Pick<
  ClassificationSet,
  "name" | "origin" | "length" | "classes" | "listHash"
>;

/** A set as results name it. */
export function dataFacts(set: NamedSet): DataFacts {
  const { name, origin, length, classes, listHash } = set;
  return { name, origin, length, classes: classes.length, listHash };
}

/**
 * Refuses sets whose labels are not those of the training set, and two of one name.
 *
 * @throws EvalError `mismatch` or `invalid-argument`
 */
export function checkSets(train: ClassificationSet, val: readonly ClassificationSet[]): void {
  const names = val.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new EvalError("invalid-argument", `two sets for validation are called ${twice}`);
  }
  for (const set of val) {
    const columns = set.columns ?? set.classes.map((_, label) => label);
    const wrong = set.classes.findIndex((name, label) => name !== train.classes[columns[label]!]);
    const same = set.columns !== undefined || set.classes.length === train.classes.length;
    if (same && wrong < 0) continue;
    const difference =
      wrong < 0
        ? `it has ${set.classes.length} classes, the training set ${train.classes.length}`
        : `label ${wrong} is ${set.classes[wrong]} in it and ${train.classes[columns[wrong]!] ?? "missing"} in the training set`;
    throw new EvalError(
      "mismatch",
      `${set.name}: expected the classes of the training set ${train.name}; ${difference}`,
      { subject: set.name },
    );
  }
}

// Who is taken for whom, and the clearest examples. Counts are kept for the pairs that occur, at most classes² of them;
// examples for a fixed number per class: nothing grows with the pictures.

import type { PerClass, WorstClass, WrongPicture } from "./score.ts";

/** Counts by class and by pair of classes. */
export interface Confusion {
  /** A picture and what was answered; a right answer counts as every label of the picture. */
  add(answer: WrongPicture, options: { readonly right: boolean }): void;
  /** A picture that got no answer, which is wrong. */
  addUnanswered(labels: readonly number[]): void;
  perClass(): PerClass;
  /** Pictures of `label` for which `predicted`, another label, was answered. */
  count(label: number, predicted: number): number;
  /** The `limit` least recognised classes that have pictures: lowest share first, then most pictures, then label. */
  worst(limit: number): readonly WorstClass[];
}

/** Most frequent mistakes and clearest examples that are named of each class. */
const NAMED_PER_CLASS = 5;

/** An empty confusion of `classes` labels. */
export function createConfusion(classes: number): Confusion {
  const pictures = new Float64Array(classes);
  const correct = new Float64Array(classes);
  const pairs = new Map<number, number>();
  const examples = new Map<number, WrongPicture[]>();
  const count = (label: number, predicted: number): number =>
    pairs.get(label * classes + predicted) ?? 0;

  const mistakes = (label: number): WorstClass["mistakenFor"] => {
    const found: { label: number; pictures: number }[] = [];
    for (let other = 0; other < classes; other += 1) {
      const times = count(label, other);
      if (times > 0) found.push({ label: other, pictures: times });
    }
    return found.sort((a, b) => b.pictures - a.pictures).slice(0, NAMED_PER_CLASS);
  };

  return {
    add(answer, { right }) {
      for (const label of answer.labels) {
        pictures[label]! += 1;
        if (right) {
          correct[label]! += 1;
          continue;
        }
        pairs.set(label * classes + answer.predicted, count(label, answer.predicted) + 1);
        const kept = examples.get(label) ?? [];
        examples.set(label, kept);
        keepMostConfident(kept, { picture: answer, limit: NAMED_PER_CLASS });
      }
    },
    addUnanswered(labels) {
      for (const label of labels) pictures[label]! += 1;
    },
    perClass: () => ({ pictures: [...pictures], top1Correct: [...correct] }),
    count,
    worst(limit) {
      const share = (label: number): number => correct[label]! / pictures[label]!;
      return [...pictures.keys()]
        .filter((label) => pictures[label]! > 0)
        .sort((a, b) => share(a) - share(b) || pictures[b]! - pictures[a]! || a - b)
        .slice(0, limit)
        .map((label) => ({
          label,
          pictures: pictures[label]!,
          top1Correct: correct[label]!,
          mistakenFor: mistakes(label),
          examples: examples.get(label) ?? [],
        }));
    },
  };
}

/** Puts a picture into a list of at most `limit`, most confident first, then by position in the set. */
export function keepMostConfident(
  kept: WrongPicture[],
  { picture, limit }: { readonly picture: WrongPicture; readonly limit: number },
): void {
  const isBefore = (other: WrongPicture): boolean =>
    other.confidence > picture.confidence ||
    (other.confidence === picture.confidence && other.index < picture.index);
  let place = kept.length;
  while (place > 0 && !isBefore(kept[place - 1]!)) place -= 1;
  if (place >= limit) return;
  kept.splice(place, 0, picture);
  kept.length = Math.min(kept.length, limit);
}

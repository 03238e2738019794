// What is wrong with a set by its numbers alone: pictures that are missing or too many, classes without pictures. The
// numbers are there as soon as a set is open, so a run can say so before it begins.

import type { ClassificationSet } from "./classification-set.ts";
import { knownSegmentationSet } from "./known-segmentation-sets.ts";
import { type KnownSet, knownSet, type Split } from "./known-sets.ts";
import type { SegmentationSet } from "./segmentation-set.ts";

/** The numbers of a set. */
export interface SetNumbers extends Pick<ClassificationSet, "name" | "classes" | "length"> {
  /** Pictures that have a label. */
  readonly scored: number;
  /** Pictures of each label, in the order of `classes`. */
  readonly classCounts: readonly number[];
}

/**
 * A kind of problem:
 * - `wrong-count`: a known set with more or fewer pictures than were published;
 * - `empty-class`: a class without pictures;
 * - `uneven-classes`: a set that has the same number of every class, and here has not: labels are wrong.
 */
export type SetProblemCode = "wrong-count" | "empty-class" | "uneven-classes";

/** Something that is wrong with a set. */
export interface SetProblem {
  readonly code: SetProblemCode;
  /** A sentence for people. */
  readonly message: string;
  /** The classes that it is about. */
  readonly classes: readonly string[];
}

const NAMES_SAID = 5;

/** What is wrong with a set by its numbers; nothing for a set that is as it should be. */
export function findSetProblems(
  set: SetNumbers,
  { split }: { readonly split: Split },
): readonly SetProblem[] {
  const known = knownSet(set.name);
  const problems: SetProblem[] = [];
  if (known !== undefined) problems.push(...compareCounts(set, { known, split }));
  const empty = set.classes.filter((_, label) => set.classCounts[label] === 0);
  if (empty.length > 0) {
    const many =
      empty.length === 1
        ? "1 class has no pictures"
        : `${say(empty.length)} of ${say(set.classes.length)} classes have no pictures`;
    problems.push({
      code: "empty-class",
      message: `${set.name}: ${many} in ${split}: ${sayClasses(empty)}`,
      classes: empty,
    });
  }
  return problems;
}

/** What is wrong with a segmentation set by its number of pictures; nothing for one that is not known. */
export function findSegmentationProblems(
  { name, length }: Pick<SegmentationSet, "name" | "length">,
  { split }: { readonly split: Split },
): readonly SetProblem[] {
  return compareLength(
    { name, length },
    { expected: knownSegmentationSet(name)?.pictures[split], split },
  );
}

function compareLength(
  { name, length }: Pick<SetNumbers, "name" | "length">,
  { expected, split }: { readonly expected: number | undefined; readonly split: Split },
): readonly SetProblem[] {
  if (expected === undefined || length === expected) return [];
  const off = Math.abs(expected - length);
  const what = length < expected ? `${say(off)} missing` : `${say(off)} too many`;
  const message = `${name}: expected ${say(expected)} pictures in ${split}, found ${say(length)}: ${what}`;
  return [{ code: "wrong-count", message, classes: [] }];
}

function compareCounts(
  { name, length, scored, classes, classCounts }: SetNumbers,
  { known, split }: { readonly known: KnownSet; readonly split: Split },
): readonly SetProblem[] {
  const expected = known.pictures[split];
  if (expected === undefined) return [];
  const wrong = compareLength({ name, length }, { expected, split });
  if (wrong.length > 0) return wrong;
  if (split === "val" && scored !== known.scored) {
    const message = `${name}: expected labels for ${say(known.scored)} pictures, found them for ${say(scored)}`;
    return [{ code: "wrong-count", message, classes: [] }];
  }
  const each = known.picturesPerClass;
  if (split !== "val" || each === undefined) return [];
  const uneven = classes.filter((_, label) => classCounts[label] !== each);
  if (uneven.length === 0) return [];
  const message = `${name}: expected ${each} pictures of each class, found another number of ${say(uneven.length)} of them: ${sayClasses(uneven)}: labels are wrong`;
  return [{ code: "uneven-classes", message, classes: uneven }];
}

function say(count: number): string {
  return count.toLocaleString("en-US");
}

function sayClasses(names: readonly string[]): string {
  const more = names.length - NAMES_SAID;
  return names.slice(0, NAMES_SAID).join(", ") + (more > 0 ? ` and ${say(more)} more` : "");
}

// What is known of the six sets of the InternVL 2.5 report before a byte of them is read: how many pictures they must
// have, which classes their labels mean, and how they are scored.
//
// Reference: the loaders of the InternVL classification code (classification/dataset/), section 7.2 of the report.
// Deviation: labels come from the list of WordNet ids, not from the position among the folders that happen to be
// there, so that a missing folder shifts no label.

import { subsetColumns } from "./imagenet-subsets.ts";
import { imagenetWnids } from "./imagenet-wnids.ts";

/** The sets that are known by name. */
export type KnownSetName =
  | "imagenet-1k"
  | "imagenet-real"
  | "imagenet-v2"
  | "imagenet-a"
  | "imagenet-r"
  | "imagenet-sketch";

/** A part of a set. */
export type Split = "train" | "val";

/** What is known of a set. */
export interface KnownSet {
  readonly name: KnownSetName;
  /** What people call it, such as in a table of results. */
  readonly title: string;
  /** Pictures of each part that the set has. */
  readonly pictures: Readonly<Partial<Record<Split, number>>>;
  /** Pictures of val that are scored: those with a label. */
  readonly scored: number;
  /** Pictures of every class in val, where it is the same number. */
  readonly picturesPerClass?: number;
  /** WordNet ids in the order of the labels: 1000, or the 200 of IN-A and IN-R. */
  readonly classes: readonly string[];
  /** The ImageNet-1K label of each class, where the set has a part of them. */
  readonly columns?: readonly number[];
}

/** The sets that are known by name, in the order of the report's tables. */
export const KNOWN_SET_NAMES: readonly KnownSetName[] = [
  "imagenet-1k",
  "imagenet-real",
  "imagenet-v2",
  "imagenet-a",
  "imagenet-r",
  "imagenet-sketch",
];

const COUNTS: Readonly<Record<KnownSetName, Omit<KnownSet, "name" | "classes" | "columns">>> = {
  "imagenet-1k": {
    title: "IN-1K",
    pictures: { train: 1_281_167, val: 50_000 },
    scored: 50_000,
    picturesPerClass: 50,
  },
  // 3,163 pictures have no label.
  "imagenet-real": { title: "IN-ReaL", pictures: { val: 50_000 }, scored: 46_837 },
  "imagenet-v2": {
    title: "IN-V2",
    pictures: { val: 10_000 },
    scored: 10_000,
    picturesPerClass: 10,
  },
  "imagenet-a": { title: "IN-A", pictures: { val: 7500 }, scored: 7500 },
  "imagenet-r": { title: "IN-R", pictures: { val: 30_000 }, scored: 30_000 },
  "imagenet-sketch": { title: "IN-Sketch", pictures: { val: 50_889 }, scored: 50_889 },
};

/** What is known of the set of this name; undefined for any other name. */
export function knownSet(name: string): KnownSet | undefined {
  const known = KNOWN_SET_NAMES.find((candidate) => candidate === name);
  if (known === undefined) return undefined;
  const wnids = imagenetWnids();
  if (known !== "imagenet-a" && known !== "imagenet-r") {
    return { name: known, ...COUNTS[known], classes: wnids };
  }
  const columns = subsetColumns(known);
  return {
    name: known,
    ...COUNTS[known],
    classes: columns.map((column) => wnids[column]!),
    columns,
  };
}

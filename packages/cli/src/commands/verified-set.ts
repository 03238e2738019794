// What `internvit data verify` keeps of a set that it has looked at, with a class for each picture or for each pixel.

import type { Split } from "@internvit/eval";
import type {
  PictureCheck,
  SegmentationCheck,
  SharedPictures,
  StoredClassificationSet,
  StoredSegmentationSet,
} from "@internvit/eval/node";

/** A set of either kind. */
export type StoredSet = StoredClassificationSet | StoredSegmentationSet;

/** The numbers of a set with a class for each picture. */
export type ClassificationNumbers = Pick<
  StoredClassificationSet,
  | "name"
  | "origin"
  | "layout"
  | "classes"
  | "classCounts"
  | "length"
  | "scored"
  | "listHash"
  | "passedOver"
>;

/** The numbers of a set with a class for each pixel. */
export type SegmentationNumbers = Pick<
  StoredSegmentationSet,
  | "name"
  | "origin"
  | "labelOrigin"
  | "classes"
  | "length"
  | "listHash"
  | "passedOver"
  | "unusedLabels"
>;

/** What was found of one set. */
export interface VerifiedSet {
  /** As it was asked for. */
  readonly spec: string;
  readonly split: Split;
  /** Its numbers; undefined when it could not be opened. */
  readonly numbers: ClassificationNumbers | SegmentationNumbers | undefined;
  readonly pictures: PictureCheck | SegmentationCheck | undefined;
  readonly shared: SharedPictures | undefined;
  /** What is wrong, a sentence each. */
  readonly problems: readonly { readonly code: string; readonly message: string }[];
}

/** True for a set with a class for every pixel. */
export function isSegmentation(set: StoredSet): set is StoredSegmentationSet {
  return "readLabel" in set;
}

/** What is reported of a set after it was closed. */
export function numbersOf(set: StoredSet): ClassificationNumbers | SegmentationNumbers {
  const { name, origin, classes, length, listHash, passedOver } = set;
  const common = { name, origin, classes, length, listHash, passedOver };
  if (isSegmentation(set)) {
    return { ...common, labelOrigin: set.labelOrigin, unusedLabels: set.unusedLabels };
  }
  const { layout, classCounts, scored } = set;
  return { ...common, layout, classCounts, scored };
}

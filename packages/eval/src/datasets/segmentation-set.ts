// What the probes know of a set of pictures with a class for every pixel. Readers of folders implement it; a page
// implements it over the pictures that were dropped on it.

import type { LabelMap } from "../augment/segmentation/label-map.ts";
import type { ClassificationSet } from "./classification-set.ts";

/** One picture of a set, without its bytes. */
export interface SegmentationPicture {
  /** Position in the set's fixed order, from 0. */
  readonly index: number;
  /** Names the picture for people and in results: a path within the set. */
  readonly key: string;
}

/** Pictures and their labels in a fixed order, read one by one: nothing grows with their number. */
export interface SegmentationSet extends Pick<
  ClassificationSet,
  "name" | "origin" | "length" | "read" | "dispose" | typeof Symbol.asyncDispose
> {
  /** The class of each label, in the order of the labels; at most 255. */
  readonly classes: readonly string[];
  /** SHA-256, in hexadecimal, of the keys in order, each a picture's `listHashLine` without labels. */
  readonly listHash: string;
  /**
   * The picture at an index.
   *
   * @throws EvalError `invalid-argument` outside the set, `io`
   */
  picture(index: number): Promise<SegmentationPicture>;
  /**
   * A class for every pixel, uint8 `[height, width]`: labels below the number of classes, or `IGNORED_LABEL`. It
   * belongs to the caller.
   *
   * @throws EvalError `io` or `not-found`; `invalid-data` for labels that cannot be decoded or are no classes;
   * `unsupported` for pictures of colours; all naming the file
   */
  readLabel(index: number, signal?: AbortSignal): Promise<LabelMap>;
}

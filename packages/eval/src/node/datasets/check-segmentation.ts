// Whether the pictures of a segmentation set and their labels can be decoded, have one size and hold no foreign values,
// by the readers that a run uses too.

import { readSegmentationSample } from "../../datasets/segmentation-sample.ts";
import type { SegmentationSet } from "../../datasets/segmentation-set.ts";
import { IGNORED_LABEL } from "../../augment/segmentation/label-map.ts";
import { type CheckPicturesOptions, findBadPictures, type PictureCheck } from "./check-pictures.ts";
import type { PassedOver } from "./stored-set.ts";

/** What was found. */
export interface SegmentationCheck extends PictureCheck {
  /** Pixels of each label in the pictures that are not bad, in the order of the classes. */
  readonly classPixels: readonly number[];
  /** Pixels of no class in them. */
  readonly ignoredPixels: number;
  /** Pictures without a pixel that has a class: they add nothing to a training or a score. */
  readonly allIgnored: PassedOver;
}

const EXAMPLES = 5;

/**
 * Decodes pictures and labels of a set.
 *
 * @throws EvalError `invalid-argument`; the signal's reason; never for a picture or a label that is bad
 */
export async function checkSegmentation(
  set: Pick<SegmentationSet, "length" | "picture" | "read" | "readLabel" | "classes">,
  { pictures, onProgress, signal }: CheckPicturesOptions,
): Promise<SegmentationCheck> {
  const { decodeImage } = await import("@internvit/preprocess/sharp");
  const counts = Array.from({ length: IGNORED_LABEL + 1 }, () => 0);
  const empty: { readonly index: number; readonly key: string }[] = [];
  let emptyCount = 0;
  const check = await findBadPictures(set, {
    pictures,
    onProgress,
    signal,
    look: async (index, key) => {
      const { label } = await readSegmentationSample(set, {
        index,
        signal,
        decode: async (bytes, options) => (await decodeImage(bytes, options)).image,
      });
      const own = new Uint32Array(IGNORED_LABEL + 1);
      for (const value of label.data) own[value]!++;
      for (const [value, count] of own.entries()) counts[value]! += count;
      if (own[IGNORED_LABEL] !== label.data.length) return;
      emptyCount++;
      empty.push({ index, key });
      empty.sort((a, b) => a.index - b.index);
      empty.length = Math.min(empty.length, EXAMPLES);
    },
  });
  return {
    ...check,
    classPixels: set.classes.map((_, label) => counts[label]!),
    ignoredPixels: counts[IGNORED_LABEL]!,
    allIgnored: { count: emptyCount, examples: empty.map(({ key }) => key) },
  };
}

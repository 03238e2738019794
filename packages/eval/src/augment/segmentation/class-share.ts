// Which crops show enough: more than one class, and none of them nearly everywhere (MMSegmentation's `cat_max_ratio`).

import type { Window } from "@internvit/preprocess";

import { IGNORED_LABEL, type LabelMap, nearestSources } from "./label-map.ts";

/**
 * Whether more than one class is there and the largest has less than `maxShare` of the pixels that are not ignored.
 *
 * @param counts pixels of each label, 256 of them
 */
export function classShareAllows(counts: ArrayLike<number>, maxShare: number): boolean {
  let classes = 0;
  let most = 0;
  let all = 0;
  for (let label = 0; label < counts.length; label++) {
    const count = counts[label]!;
    if (label === IGNORED_LABEL || count === 0) continue;
    classes++;
    all += count;
    most = Math.max(most, count);
  }
  return classes > 1 && most / all < maxShare;
}

/** Pixels of each label in a window of the label map resized to `width` x `height`: 256 counts. */
export function countLabels(
  label: LabelMap,
  resized: { readonly width: number; readonly height: number; readonly window: Window },
): Uint32Array {
  const counts = new Uint32Array(256);
  const { columns, rows } = nearestSources(label, resized);
  for (const row of rows) {
    const start = row * label.width;
    for (let x = 0; x < columns.length; x++) counts[label.data[start + columns[x]!]!]!++;
  }
  return counts;
}

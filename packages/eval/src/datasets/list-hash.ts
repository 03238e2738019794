// What makes two lists of labelled pictures the same list: keys and labels in order, whatever they are stored in.

import type { LabelledPicture } from "./classification-set.ts";

/**
 * The line that a picture adds to its set's `listHash`, which is the SHA-256 of all of them in order, as UTF-8: the
 * JSON array of key and labels, and a line feed.
 */
export function listHashLine({ key, labels }: Pick<LabelledPicture, "key" | "labels">): string {
  return `${JSON.stringify([key, labels])}\n`;
}

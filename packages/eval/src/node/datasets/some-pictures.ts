// Which pictures of a set are looked at, and many of them at a time.

import { EvalError } from "../../errors.ts";

/** How many pictures: all, or this many, evenly spread over the set so that every class has its share. */
export type HowMany = "all" | number;

/** How far a look at pictures has come. */
export interface PictureProgress {
  readonly done: number;
  readonly total: number;
}

const AT_ONCE = 32;

/** Number of pictures that are looked at. */
export function countOf(pictures: HowMany, length: number): number {
  if (pictures === "all") return length;
  if (Number.isInteger(pictures) && pictures >= 0) return Math.min(pictures, length);
  throw new EvalError(
    "invalid-argument",
    `expected "all" or a number of pictures, found ${pictures}`,
  );
}

/** The index of the picture at a place of such a choice. */
export function spread(
  place: number,
  range: { readonly count: number; readonly length: number },
): number {
  return Math.floor((place * range.length) / range.count);
}

/**
 * Calls `look` for each of the pictures, up to 32 at a time.
 *
 * @throws what `look` throws, or the signal's reason
 */
export async function lookAtPictures(
  length: number,
  options: {
    readonly pictures: HowMany;
    readonly look: (index: number) => Promise<void>;
    readonly onProgress?: ((progress: PictureProgress) => void) | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<number> {
  const { pictures, look, onProgress, signal } = options;
  const count = countOf(pictures, length);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      signal?.throwIfAborted();
      await look(spread(next++, { count, length }));
      onProgress?.({ done: ++done, total: count });
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, work));
  return count;
}

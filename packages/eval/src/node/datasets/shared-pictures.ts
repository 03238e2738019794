// Pictures that stand in a training set and in the set that is scored: they make the score mean nothing. The same
// picture is the same bytes (SHA-256). Those of the scored set are hashed, all or some; of the training set
// only those are read whose size one of them has, which is one in a few hundred for a thousand of val.

import { createHash } from "node:crypto";

import { isEvalError } from "../../errors.ts";
import type { StoredClassificationSet } from "./stored-set.ts";
import { type HowMany, lookAtPictures, type PictureProgress } from "./some-pictures.ts";

/** A picture that stands in both sets. */
export interface SharedPicture {
  /** Its key in the training set. */
  readonly train: string;
  /** Its key in the other set. */
  readonly val: string;
}

/** What is compared of a set of either kind. */
export type ComparedSet = Pick<StoredClassificationSet, "length" | "read" | "byteLength"> & {
  picture(index: number): Promise<{ readonly key: string }>;
};

/** Options of `findSharedPictures`. */
export interface FindSharedOptions {
  /** How many pictures of the scored set are looked for: all, or this many, evenly spread over it. */
  readonly pictures: HowMany;
  readonly onProgress?: (progress: PictureProgress) => void;
  readonly signal?: AbortSignal;
}

/** What was found. */
export interface SharedPictures {
  /** Pictures of the scored set that were looked for. */
  readonly checked: number;
  /** Those among them that the training set has too. */
  readonly sharedCount: number;
  /** The first hundred of them. */
  readonly shared: readonly SharedPicture[];
  /** Pictures that could not be read and were therefore not compared. */
  readonly unread: number;
}

const KEPT = 100;

/**
 * Looks for pictures of `val` in `train`.
 *
 * @throws EvalError `invalid-argument`; the signal's reason
 */
export async function findSharedPictures(
  { train, val }: { readonly train: ComparedSet; readonly val: Omit<ComparedSet, "byteLength"> },
  { pictures, onProgress, signal }: FindSharedOptions,
): Promise<SharedPictures> {
  const wanted = new Map<string, { readonly index: number; found: boolean }>();
  const sizes = new Set<number>();
  let unread = 0;
  // A picture that cannot be read is counted here, and named by the check of pictures.
  const tryRead = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (!isEvalError(error)) throw error;
      unread++;
      return undefined;
    }
  };
  let checked = 0;
  const total = train.length;
  await lookAtPictures(val.length, {
    pictures,
    signal,
    look: async (index) => {
      const bytes = await tryRead(() => val.read(index, signal));
      if (bytes === undefined) return;
      checked++;
      sizes.add(bytes.byteLength);
      wanted.set(hashOf(bytes), { index, found: false });
    },
  });
  const shared: (SharedPicture & { readonly index: number })[] = [];
  let sharedCount = 0;
  await lookAtPictures(total, {
    pictures: "all",
    onProgress,
    signal,
    look: async (index) => {
      const size = await tryRead(() => train.byteLength(index));
      if (size === undefined || !sizes.has(size)) return;
      const bytes = await tryRead(() => train.read(index, signal));
      const match = bytes === undefined ? undefined : wanted.get(hashOf(bytes));
      if (match === undefined || match.found) return;
      match.found = true;
      sharedCount++;
      if (shared.length >= KEPT) return;
      const [inTrain, inVal] = [await train.picture(index), await val.picture(match.index)];
      shared.push({ index, train: inTrain.key, val: inVal.key });
    },
  });
  shared.sort((a, b) => a.index - b.index);
  return {
    checked,
    sharedCount,
    shared: shared.map(({ train, val }) => ({ train, val })),
    unread,
  };
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64");
}

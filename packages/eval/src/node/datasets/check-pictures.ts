// Whether the pictures of a set can be decoded, by the decoder that a run uses too.

import { isPreprocessError } from "@internvit/preprocess";

import type { ClassificationSet } from "../../datasets/classification-set.ts";
import { isEvalError } from "../../errors.ts";
import { type HowMany, lookAtPictures, type PictureProgress } from "./some-pictures.ts";

/** A picture that cannot be read or decoded. */
export interface BadPicture {
  readonly key: string;
  /** The code of the error, such as `malformed` or `not-found`. */
  readonly code: string;
  /** What is wrong with it, for people. */
  readonly message: string;
}

/** Options of `checkPictures`. */
export interface CheckPicturesOptions {
  /** How many: all, or this many, evenly spread over the set. */
  readonly pictures: HowMany;
  readonly onProgress?: (progress: PictureProgress) => void;
  readonly signal?: AbortSignal;
}

/** What was found. */
export interface PictureCheck {
  /** Pictures that were decoded or tried. */
  readonly checked: number;
  /** Those among them that cannot be decoded. */
  readonly badCount: number;
  /** The first hundred of them, in the order of the set. */
  readonly bad: readonly BadPicture[];
}

const KEPT = 100;

/**
 * Decodes pictures of a set.
 *
 * @throws EvalError `invalid-argument`; the signal's reason; never for a picture that is bad
 */
export async function checkPictures(
  set: Pick<ClassificationSet, "length" | "picture" | "read">,
  { pictures, onProgress, signal }: CheckPicturesOptions,
): Promise<PictureCheck> {
  // sharp is needed here only.
  const { decodeImage } = await import("@internvit/preprocess/sharp");
  return findBadPictures(set, {
    pictures,
    onProgress,
    signal,
    look: async (index, key) => {
      await decodeImage(await set.read(index, signal), { subject: key });
    },
  });
}

/**
 * Looks at pictures of a set and keeps those that `look` throws an EvalError or a PreprocessError for.
 *
 * @throws EvalError `invalid-argument`; the signal's reason; anything else that `look` throws
 */
export async function findBadPictures(
  set: {
    readonly length: number;
    picture(index: number): Promise<{ readonly key: string }>;
  },
  options: {
    readonly pictures: HowMany;
    readonly look: (index: number, key: string) => Promise<void>;
    readonly onProgress: ((progress: PictureProgress) => void) | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<PictureCheck> {
  const { pictures, onProgress, signal } = options;
  const bad: (BadPicture & { readonly index: number })[] = [];
  let badCount = 0;
  const look = async (index: number): Promise<void> => {
    const { key } = await set.picture(index);
    try {
      await options.look(index, key);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPreprocessError(error) && !isEvalError(error)) throw error;
      badCount++;
      bad.push({ index, key, code: error.code, message: error.message });
      bad.sort((a, b) => a.index - b.index);
      bad.length = Math.min(bad.length, KEPT);
    }
  };
  const checked = await lookAtPictures(set.length, { pictures, look, onProgress, signal });
  return {
    checked,
    badCount,
    bad: bad.map(({ key, code, message }) => ({ key, code, message })),
  };
}

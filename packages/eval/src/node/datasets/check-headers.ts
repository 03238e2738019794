// Whether the pictures of a segmentation set and their labels fit together, as far as the headers of their files tell:
// of all of them in the time that decoding a few would take.

import { type CheckPicturesOptions, findBadPictures, type PictureCheck } from "./check-pictures.ts";
import type { StoredSegmentationSet } from "./open-segmentation-set.ts";

/** Options of `checkHeaders`. */
export interface CheckHeadersOptions extends CheckPicturesOptions {
  /** What becomes of the pictures' EXIF orientation. Default `apply`. */
  readonly orientation?: "ignore" | "apply";
}

/**
 * Looks for pictures whose label has another size or is no PNG of labels, and for files that are no pictures.
 *
 * @throws EvalError `invalid-argument`; the signal's reason; never for a picture that is bad
 */
export async function checkHeaders(
  set: Pick<StoredSegmentationSet, "length" | "picture" | "checkHeader">,
  { pictures, orientation = "apply", onProgress, signal }: CheckHeadersOptions,
): Promise<PictureCheck> {
  return findBadPictures(set, {
    pictures,
    onProgress,
    signal,
    look: (index) => set.checkHeader(index, { orientation }),
  });
}

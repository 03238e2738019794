// A picture of a set together with its labels.

import type { SegmentationSample } from "../augment/segmentation/apply-segmentation.ts";
import type { Size } from "../augment/segmentation/sizes.ts";
import { EvalError } from "../errors.ts";
import type { DecodePicture } from "../runs/prepared-pictures.ts";
import type { SegmentationSet } from "./segmentation-set.ts";

/** Which picture, and how it is decoded. */
export interface ReadSampleOptions {
  readonly index: number;
  readonly decode: DecodePicture;
  /**
   * What becomes of the picture's EXIF orientation; labels have none. Default `apply`, as OpenCV's reader in the
   * reference does.
   */
  readonly orientation?: "ignore" | "apply";
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads picture and labels.
 *
 * @throws EvalError as `read` and `readLabel` of the set do, `mismatch` where their sizes differ; PreprocessError for a
 * picture that cannot be decoded
 */
export async function readSegmentationSample(
  set: Pick<SegmentationSet, "picture" | "read" | "readLabel">,
  { index, decode, orientation = "apply", signal }: ReadSampleOptions,
): Promise<SegmentationSample & { readonly key: string }> {
  const { key } = await set.picture(index);
  const bytes = await set.read(index, signal);
  const image = await decode(bytes, { subject: key, orientation });
  const label = await set.readLabel(index, signal);
  checkSizes(key, { image, label });
  return { key, image, label };
}

/**
 * Refuses labels of another size than their picture.
 *
 * @throws EvalError `mismatch`
 */
export function checkSizes(
  key: string,
  { image, label }: { readonly image: Size; readonly label: Size },
): void {
  if (image.width === label.width && image.height === label.height) return;
  throw new EvalError(
    "mismatch",
    `${key}: expected labels of the picture's ${image.width}x${image.height} pixels, found ${label.width}x${label.height}`,
    { subject: key },
  );
}

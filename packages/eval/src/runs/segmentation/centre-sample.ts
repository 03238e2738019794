// The middle of a picture with its labels, as `fast-linear` trains on it: the picture at the size that is tested with, cut
// to one window. What a short side leaves free is filled when samples are packed.

import {
  applySegmentation,
  type SegmentationSample,
} from "../../augment/segmentation/apply-segmentation.ts";
import { testSizes } from "../../augment/segmentation/sizes.ts";

/** The sample: at most `size` pixels in either direction. */
export function centreSample(
  sample: SegmentationSample,
  { shortSide, size }: { readonly shortSide: number; readonly size: number },
): SegmentationSample {
  const { afterShortSide } = testSizes(sample.image, { shortSide });
  const width = Math.min(afterShortSide.width, size);
  const height = Math.min(afterShortSide.height, size);
  return applySegmentation(sample, {
    size: afterShortSide,
    window: {
      left: Math.floor((afterShortSide.width - width) / 2),
      top: Math.floor((afterShortSide.height - height) / 2),
      width,
      height,
    },
    flip: false,
    distortion: [],
  });
}

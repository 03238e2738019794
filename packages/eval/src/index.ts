// @internvit/eval: probes of frozen features. Runs anywhere; files are read and written by ./node.

export { applyMixing, type PictureBatch } from "./augment/apply-mixing.ts";
export { drawMixing, type Mixing, type MixingOptions } from "./augment/draw-mixing.ts";
export type { BatchKey, SampleKey } from "./augment/draw-source.ts";
export { evaluationCrop } from "./augment/evaluation-crop.ts";
export {
  applyResizedCrop,
  drawResizedCrop,
  type ResizedCrop,
  type ResizedCropOptions,
} from "./augment/resized-crop.ts";
export {
  applySegmentation,
  packSegmentation,
  SEGMENTATION_NORMALIZATION,
  type SegmentationSample,
} from "./augment/segmentation/apply-segmentation.ts";
export type { DistortionStep } from "./augment/segmentation/distortion.ts";
export {
  drawSegmentation,
  type SegmentationDraw,
  type SegmentationDrawOptions,
} from "./augment/segmentation/draw-segmentation.ts";
export {
  IGNORED_LABEL,
  type LabelMap,
  reduceZeroLabel,
  resizeLabel,
} from "./augment/segmentation/label-map.ts";
export { resizeBilinear } from "./augment/segmentation/resize-bilinear.ts";
export { resizeForTest } from "./augment/segmentation/resize-for-test.ts";
export type { ScaleLimits, Size } from "./augment/segmentation/sizes.ts";
export { softTargets } from "./augment/soft-targets.ts";
export type { ClassificationSet, LabelledPicture } from "./datasets/classification-set.ts";
export { EvalError, type EvalErrorCode, isEvalError } from "./errors.ts";

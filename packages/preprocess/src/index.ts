export { clipCrop, squareResize } from "./clip.ts";
export { crc32 } from "./crc32.ts";
export { isPreprocessError, PreprocessError, type PreprocessErrorCode } from "./errors.ts";
export type { RgbImage } from "./image.ts";
export {
  CLIP_NORMALIZATION,
  IMAGENET_NORMALIZATION,
  SIGLIP_NORMALIZATION,
} from "./normalization.ts";
export { applyOrientation, type Orientation } from "./orientation.ts";
export { padToSquare } from "./pad-to-square.ts";
export { packPixels, toPixelValues } from "./pixel-values.ts";
export {
  normalizationOf,
  parseImageProcessorConfig,
  type ImageProcessorConfig,
  type TargetSize,
} from "./processor-config.ts";
export type { ResizeFilter } from "./resample/filters.ts";
export type { Window } from "./resample/window.ts";
export { resizeRgb, resizeWindow, type ResizeOptions, type ResizeWindowOptions } from "./resize.ts";
export { sampleFrames, type SampleFramesOptions } from "./sampling/sample-frames.ts";
export {
  sampleTrainingFrames,
  type RandomIntegers,
  type SampleTrainingFramesOptions,
  type TrainingFrameMethod,
} from "./sampling/sample-training-frames.ts";
export { sortFrameNames } from "./sampling/sort-frame-names.ts";
export type { FrameTimeline, TimeRange } from "./sampling/timeline.ts";
export { tileImage, tilePixels, visualPixels } from "./tiles.ts";
export { toRgb, type RawSamples } from "./to-rgb.ts";
export {
  jpegQuality,
  transformForTraining,
  type TrainingTransformOptions,
} from "./training-transform.ts";

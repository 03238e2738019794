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

export { ade20kClasses } from "./datasets/ade20k-classes.ts";
export {
  findSegmentationProblems,
  findSetProblems,
  type SetNumbers,
  type SetProblem,
  type SetProblemCode,
} from "./datasets/check-set.ts";
export type { ClassificationSet, LabelledPicture } from "./datasets/classification-set.ts";
export { cocoStuffClasses, cocoStuffIds } from "./datasets/coco-stuff-classes.ts";
export { type DataSpec, parseDataSpec } from "./datasets/data-spec.ts";
export {
  KNOWN_SEGMENTATION_SET_NAMES,
  type KnownSegmentationSet,
  type KnownSegmentationSetName,
  knownSegmentationSet,
} from "./datasets/known-segmentation-sets.ts";
export {
  type LabelValues,
  labelValues,
  type StoredLabels,
  toLabels,
} from "./datasets/label-values.ts";
export {
  KNOWN_SET_NAMES,
  type KnownSet,
  type KnownSetName,
  knownSet,
  type Split,
} from "./datasets/known-sets.ts";
export { imagenetWnids } from "./datasets/imagenet-wnids.ts";
export { listHashLine } from "./datasets/list-hash.ts";
export { type ListedPicture, parseListLine } from "./datasets/list-line.ts";
export { type CsvRow, parseCsv } from "./datasets/parse-csv.ts";
export { parseRealLabels, validationNumber } from "./datasets/real-labels.ts";
export { readSegmentationSample, type ReadSampleOptions } from "./datasets/segmentation-sample.ts";
export type { SegmentationPicture, SegmentationSet } from "./datasets/segmentation-set.ts";
export { EvalError, type EvalErrorCode, isEvalError } from "./errors.ts";

export { differences, type ProtocolDifference } from "./protocols/differences.ts";
export { NAMED_PROTOCOLS } from "./protocols/named-protocols.ts";
export { NAMED_SEGMENTATION_PROTOCOLS } from "./protocols/named-segmentation-protocols.ts";
export {
  type AdamWProtocol,
  type CommonSegmentationProtocol,
  type FeatureSegmentationProtocol,
  type OnlineSegmentationProtocol,
  parseSegmentationProtocol,
  type SegmentationHeadProtocol,
  type SegmentationProtocol,
} from "./protocols/segmentation-protocol.ts";
export { canonicalJson, hashProtocol } from "./protocols/protocol-hash.ts";
export {
  type BatchNormProtocol,
  type CommonProtocol,
  type FeaturesProtocol,
  type NeighboursProtocol,
  type OnlineProtocol,
  type OptimizerProtocol,
  parseProtocol,
  type Protocol,
} from "./protocols/protocol.ts";

export { decodeHead, encodeHead } from "./heads/head-file.ts";
export { initialHead } from "./heads/initial-head.ts";
export {
  featureWidth,
  type HeadBatch,
  type HeadForm,
  probeHead,
  type HeadState,
} from "./heads/probe-head.ts";

export { channelMasks } from "./heads/segmentation/channel-dropout.ts";
export type {
  LinearSegmentationForm,
  SegmentationForm,
  UperNetForm,
} from "./heads/segmentation/form.ts";
export {
  decodeHeadFacts,
  encodeHeadFacts,
  type SegmentationHeadFacts,
} from "./heads/segmentation/head-facts.ts";
export { decodeSegmentationHead, encodeSegmentationHead } from "./heads/segmentation/head-file.ts";
export { initialSegmentationHead } from "./heads/segmentation/initial-head.ts";
export type { PatchGrid } from "./heads/segmentation/patch-maps.ts";
export {
  headCheckpoint,
  readSegmentationHead,
  type SegmentationHeadFile,
} from "./heads/segmentation/read-head.ts";
export { segmentationLoss } from "./heads/segmentation/segmentation-loss.ts";
export {
  segmentationHead,
  type SegmentationModelOptions,
  tunedSegmentation,
} from "./heads/segmentation/segmentation-model.ts";
export {
  type SegmentationSettings,
  segmentationSettings,
} from "./heads/segmentation/segmentation-settings.ts";
export {
  type TrainedEncoder,
  trainedEncoder,
  type TrainedEncoderOptions,
} from "./heads/segmentation/trained-encoder.ts";

export {
  type Calibration,
  type CalibrationBin,
  type ClassificationScore,
  type PerClass,
  type PictureError,
  type WorstClass,
  type WrongPicture,
} from "./scoring/score.ts";
export { createScorer, type Scorer, type ScorerOptions } from "./scoring/scorer.ts";
export { decodeOutcomes, wasRight } from "./scoring/outcomes.ts";
export { chooseExamples, type ChosenExample } from "./scoring/choose-examples.ts";
export {
  createSegmentationSetScorer,
  type SegmentationSetScorer,
  type SegmentationSetState,
  type StoredCounts,
} from "./scoring/segmentation-set.ts";
export {
  createSegmentationScorer,
  type SegmentationCounts,
  type SegmentationScore,
  type SegmentationScorer,
  type SegmentationScorerOptions,
} from "./scoring/segmentation.ts";

export { classColours, IGNORED_COLOUR, type Rgb } from "./inference/class-colours.ts";
export type { InferenceSettings } from "./inference/inference-settings.ts";
export { encodeLabelPng, type LabelPngOptions } from "./inference/label-png.ts";
export { overlayLabels, type OverlayOptions } from "./inference/overlay.ts";
export { segmentImage, type SegmentImageOptions } from "./inference/segment-image.ts";
export { createSegmenter, type Segmenter, type SegmenterOptions } from "./inference/segmenter.ts";
export type { WindowLogits } from "./inference/window-logits.ts";

export { type FeatureRows, rowsInMemory } from "./knn/feature-rows.ts";
export { findNeighbours, type Neighbours, type NeighbourSearch } from "./knn/find-neighbours.ts";
export { voteOfNeighbours, type VoteOptions } from "./knn/vote.ts";

export {
  compareResults,
  type ResultComparison,
  type SetComparison,
  type Significance,
} from "./results/compare-results.ts";
export {
  type ClassComparison,
  compareSegmentation,
  type ScoreComparison,
  type SegmentationComparison,
} from "./results/compare-segmentation.ts";
export {
  comparisonText,
  type ComparisonTextOptions,
  segmentationComparisonText,
} from "./results/comparison-text.ts";
export type { DifferingField } from "./results/differing-fields.ts";
export type { PairedOutcomes } from "./results/significance.ts";
export { htmlReport, type HtmlReportOptions, picturesInReport } from "./results/html-report.ts";
export type { Thumbnails } from "./results/html/worst-classes.ts";
export { resultsMarkdown } from "./results/markdown.ts";
export {
  findPublished,
  PUBLISHED_ROWS,
  PUBLISHED_SETS,
  type PublishedRow,
} from "./results/published.ts";
export {
  findPublishedSegmentation,
  PUBLISHED_SEGMENTATION_ROWS,
  type PublishedMeanIou,
  type PublishedSegmentationRow,
  type SegmentationProbe,
} from "./results/published-segmentation.ts";
export { reportMarkdown } from "./results/report-markdown.ts";
export { resultTable } from "./results/result-table.ts";
export type { ExamplePictures } from "./results/html/examples.ts";
export {
  segmentationHtmlReport,
  type SegmentationHtmlOptions,
} from "./results/segmentation-html.ts";
export { classesMarkdown, segmentationMarkdown } from "./results/segmentation-markdown.ts";
export {
  type HeadScore,
  type SegmentationSummary,
  summarizeSegmentation,
} from "./results/segmentation-summary.ts";
export { segmentationTable } from "./results/segmentation-table.ts";
export { type ResultSummary, type SetScore, summarizeResult } from "./results/summarize.ts";
export { protocolFacts } from "./results/protocol-facts.ts";
export { encodeResult, hashResult } from "./results/encode-result.ts";
export type { ParseResultOptions } from "./results/checked-result.ts";
export {
  type EvaluationResult,
  isSegmentationResult,
  parseEvaluationResult,
} from "./results/evaluation-result.ts";
export { parseResult } from "./results/parse-result.ts";
export { parseSegmentationResult } from "./results/parse-segmentation-result.ts";
export {
  type ClassificationResult,
  type DataFacts,
  type EnvironmentFacts,
  type FieldDifference,
  type GridEntry,
  type HeadFacts,
  type LearningCurve,
  MAX_CURVE_POINTS,
  MAX_NAMED_PICTURES,
  type ModelFacts,
  type ProtocolFacts,
  RESULT_FORMAT,
  type SetResult,
  type TimeFacts,
} from "./results/result.ts";
export {
  SEGMENTATION_RESULT_FORMAT,
  type SegmentationDataFacts,
  type SegmentationExample,
  type SegmentationResult,
  type SegmentationSetResult,
  type SegmentationSetScore,
} from "./results/segmentation-result.ts";

export { type SegmentationBlocks, segmentationBlocks } from "./runs/segmentation/blocks.ts";
export { BEST_HEAD_FILE } from "./runs/segmentation/head-files.ts";
export {
  outlineSegmentation,
  planSegmentation,
  type SegmentationOutline,
  type SegmentationPlan,
} from "./runs/segmentation/plan-segmentation.ts";
export {
  checkSegmentationStorage,
  type CheckSegmentationStorageOptions,
} from "./runs/segmentation/segmentation-identity.ts";
export {
  runSegmentation,
  type RunSegmentationOptions,
} from "./runs/segmentation/run-segmentation.ts";
export type {
  SegmentationCosts,
  SegmentationRunOptions,
  SegmentationRunOutcome,
} from "./runs/segmentation/segmentation-run-options.ts";

export { encoderOutputs } from "./runs/encoders.ts";
export { planClassification, type RunPlan } from "./runs/plan.ts";
export type { DecodePicture } from "./runs/prepared-pictures.ts";
export { runClassification, type RunClassificationOptions } from "./runs/run-classification.ts";
export { checkStorage, type CheckStorageOptions, type RunIdentity } from "./runs/run-identity.ts";
export type { OnRunEvent, RunEvent, RunStage, UnreadablePicture } from "./runs/run-events.ts";
export { placeOf, reasonOf } from "./runs/unreadable-pictures.ts";
export {
  type CommonRunOptions,
  HEAD_FILE,
  type RunCosts,
  type RunOptions,
  type RunOutcome,
} from "./runs/run-options.ts";
export { memoryStorage, type RunStorage } from "./runs/run-storage.ts";
export type { OpenEncoders } from "./runs/segmentation/segmentation-run-options.ts";
export { dataFacts } from "./runs/set-scores.ts";

// @internvit/eval: probes of frozen features. Runs anywhere; files are read and written by ./node.

export type { ClassificationSet, LabelledPicture } from "./datasets/classification-set.ts";
export { EvalError, type EvalErrorCode, isEvalError } from "./errors.ts";

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
export {
  createSegmentationScorer,
  IGNORED_LABEL,
  type SegmentationCounts,
  type SegmentationScore,
  type SegmentationScorer,
  type SegmentationScorerOptions,
} from "./scoring/segmentation.ts";
export {
  averageWindows,
  type AverageWindowsOptions,
  type WindowOptions,
  windowSpans,
  type WindowSpan,
} from "./scoring/segmentation-windows.ts";

export { type FeatureRows, rowsInMemory } from "./knn/feature-rows.ts";
export { findNeighbours, type Neighbours, type NeighbourSearch } from "./knn/find-neighbours.ts";
export { voteOfNeighbours, type VoteOptions } from "./knn/vote.ts";

export {
  compareResults,
  type ResultComparison,
  type SetComparison,
  type Significance,
} from "./results/compare-results.ts";
export { comparisonText, type ComparisonTextOptions } from "./results/comparison-text.ts";
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
export { resultTable } from "./results/result-table.ts";
export { type ResultSummary, type SetScore, summarizeResult } from "./results/summarize.ts";
export { encodeResult, hashResult } from "./results/encode-result.ts";
export type { JsonFacts, JsonValue } from "./results/json-value.ts";
export { parseResult, type ParseResultOptions } from "./results/parse-result.ts";
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

// The report's two tables, from any set of results.

import { type EvaluationResult, isSegmentationResult } from "./evaluation-result.ts";
import { resultsMarkdown } from "./markdown.ts";
import type { ClassificationResult } from "./result.ts";
import { segmentationMarkdown } from "./segmentation-markdown.ts";

/** The table of each kind that there are results of, under its heading. Ends with a line break. */
export function reportMarkdown(results: readonly EvaluationResult[]): string {
  const segmentation = results.filter(isSegmentationResult);
  const classification = results.filter(
    (result): result is ClassificationResult => !isSegmentationResult(result),
  );
  return [
    ...(classification.length === 0
      ? []
      : [`## Image classification\n\n${resultsMarkdown(classification)}`]),
    ...(segmentation.length === 0
      ? []
      : [`## Semantic segmentation\n\n${segmentationMarkdown(segmentation)}`]),
  ].join("\n");
}

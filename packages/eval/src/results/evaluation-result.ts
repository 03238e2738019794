// A result of either kind.

import { notAResult, type ParseResultOptions } from "./checked-result.ts";
import { parseResult } from "./parse-result.ts";
import { parseSegmentationResult } from "./parse-segmentation-result.ts";
import { type ClassificationResult, RESULT_FORMAT } from "./result.ts";
import { SEGMENTATION_RESULT_FORMAT, type SegmentationResult } from "./segmentation-result.ts";

/** The result of an evaluation; `format` says which kind. */
export type EvaluationResult = ClassificationResult | SegmentationResult;

/**
 * A result of either kind from JSON that was parsed.
 *
 * @throws EvalError `unsupported` for a newer version, `invalid-data` naming the first field that is wrong
 */
export function parseEvaluationResult(
  value: unknown,
  options: ParseResultOptions,
): EvaluationResult {
  const { format } = (value ?? {}) as { format?: unknown };
  switch (format) {
    case RESULT_FORMAT:
      return parseResult(value, options);
    case SEGMENTATION_RESULT_FORMAT:
      return parseSegmentationResult(value, options);
    default:
      throw notAResult(
        `format: expected "${RESULT_FORMAT}" or "${SEGMENTATION_RESULT_FORMAT}", found ${JSON.stringify(format)}`,
        options.subject,
      );
  }
}

/** True for a result of segmentation. */
export function isSegmentationResult(result: EvaluationResult): result is SegmentationResult {
  return result.format === SEGMENTATION_RESULT_FORMAT;
}

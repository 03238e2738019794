// `internvit eval compare`: two results side by side.

import type { JsonValue } from "@internvit/model-core";
import {
  compareResults,
  compareSegmentation,
  comparisonText,
  type EvaluationResult,
  isSegmentationResult,
  type ResultComparison,
  segmentationComparisonText,
  type SegmentationComparison,
} from "@internvit/eval";

import type { CommandContext } from "../context.ts";
import { CliError } from "../errors.ts";
import { openResult } from "./open-result.ts";

/** What `eval compare` is asked for: files of results, or folders of runs. */
export interface EvalCompareRequest {
  readonly first: string;
  readonly second: string;
}

/** Says what differs between two results and what came of it, and returns the exit code. */
export async function evalCompare(
  { first, second }: EvalCompareRequest,
  { report, signal }: CommandContext,
): Promise<number> {
  const { comparison, text } = compare(
    { path: first, result: await openResult(first, { signal }) },
    { path: second, result: await openResult(second, { signal }) },
  );
  report({
    event: "result",
    command: "eval compare",
    facts: { first, second, comparison: JSON.parse(JSON.stringify(comparison)) as JsonValue },
    text,
  });
  return 0;
}

interface NamedResult {
  readonly path: string;
  readonly result: EvaluationResult;
}

function compare(
  first: NamedResult,
  second: NamedResult,
): { readonly comparison: ResultComparison | SegmentationComparison; readonly text: string } {
  const names = [first.path, second.path] as const;
  const [one, other] = [first.result, second.result];
  if (isSegmentationResult(one) && isSegmentationResult(other)) {
    const comparison = compareSegmentation(one, other);
    return { comparison, text: segmentationComparisonText(comparison, { names }) };
  }
  if (isSegmentationResult(one) || isSegmentationResult(other)) {
    throw new CliError(
      "usage",
      `expected two results of one kind, found ${kindOf(one)} in ${first.path} and ${kindOf(other)} in ${second.path}`,
    );
  }
  const comparison = compareResults(one, other);
  return { comparison, text: comparisonText(comparison, { names }) };
}

function kindOf(result: EvaluationResult): string {
  return isSegmentationResult(result) ? "segmentation" : "classification";
}

// `internvit eval report`: results of both kinds as tables, and one of them as an HTML page with its pictures.

import type { JsonValue } from "@internvit/model-core";
import {
  type EvaluationResult,
  isSegmentationResult,
  reportMarkdown,
  segmentationTable,
} from "@internvit/eval";

import type { CommandContext } from "../context.ts";
import { CliError } from "../errors.ts";
import { checkTarget } from "../results/temporary-files.ts";
import { describeHeads } from "./eval-report.ts";
import { openResult } from "./open-result.ts";
import { type PageData, writePage } from "./result-page.ts";

/** What `eval report` is asked for. */
export interface EvalReportRequest extends PageData {
  /** Files of results, or folders of runs. */
  readonly results: readonly string[];
  /** The page to write, of a single result. */
  readonly html: string | undefined;
}

/** Prints one result as a table or several as the report's tables, writes the page, and returns the exit code. */
export async function evalReport(
  { results: paths, html, data, ignoredLabel }: EvalReportRequest,
  context: CommandContext,
): Promise<number> {
  const { report, signal } = context;
  const results: EvaluationResult[] = [];
  for (const path of paths) results.push(await openResult(path, { signal }));
  const [first, ...others] = results;
  if (html !== undefined) {
    if (others.length > 0) {
      throw new CliError("usage", `--html is a page of one result, found ${results.length}`);
    }
    await checkTarget(html);
    await writePage(html, first!, { data, ignoredLabel, context });
  }
  const table = others.length === 0 ? tableOf(first!) : reportMarkdown(results).trimEnd();
  report({
    event: "result",
    command: "eval report",
    facts: {
      ...(html === undefined ? {} : { html }),
      results: JSON.parse(JSON.stringify(results)) as JsonValue,
    },
    text: html === undefined ? table : `${table}\nwrote ${html}`,
  });
  return 0;
}

function tableOf(result: EvaluationResult): string {
  return isSegmentationResult(result) ? segmentationTable(result) : describeHeads(result);
}

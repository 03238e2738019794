// `internvit eval compare`: two results side by side.

import { compareResults, comparisonText } from "@internvit/eval";

import type { CommandContext } from "../context.ts";
import type { JsonValue } from "../events.ts";
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
  const comparison = compareResults(
    await openResult(first, { signal }),
    await openResult(second, { signal }),
  );
  report({
    event: "result",
    command: "eval compare",
    facts: { first, second, comparison: JSON.parse(JSON.stringify(comparison)) as JsonValue },
    text: comparisonText(comparison, { names: [first, second] }),
  });
  return 0;
}

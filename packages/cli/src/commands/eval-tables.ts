// `internvit eval report`: results as a table, as Markdown, and one of them as an HTML page with its pictures.

import {
  type ClassificationResult,
  parseDataSpec,
  resultsMarkdown,
  resultTable,
} from "@internvit/eval";
import {
  openClassificationSet,
  type StoredClassificationSet,
  writeHtmlReport,
} from "@internvit/eval/node";
import { cacheFolder } from "@internvit/runtime-node";

import type { CommandContext } from "../context.ts";
import { CliError } from "../errors.ts";
import type { JsonValue } from "../events.ts";
import { checkTarget } from "../results/temporary-files.ts";
import { openResult } from "./open-result.ts";

/** What `eval report` is asked for. */
export interface EvalReportRequest {
  /** Files of results, or folders of runs. */
  readonly results: readonly string[];
  /** The page to write, of a single result. */
  readonly html: string | undefined;
  /** Sets whose pictures the page shows, as `name=path`. */
  readonly data: readonly string[];
}

/** Prints one result as a table or several in Markdown, writes the page, and returns the exit code. */
export async function evalReport(
  { results: paths, html, data }: EvalReportRequest,
  context: CommandContext,
): Promise<number> {
  const { report, signal } = context;
  const results: ClassificationResult[] = [];
  for (const path of paths) results.push(await openResult(path, { signal }));
  const [first, ...others] = results;
  if (html !== undefined) {
    if (others.length > 0) {
      throw new CliError("usage", `--html is a page of one result, found ${results.length}`);
    }
    await checkTarget(html);
    await writePage(html, first!, { data, context });
  }
  const table = others.length === 0 ? resultTable(first!) : resultsMarkdown(results).trimEnd();
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

async function writePage(
  path: string,
  result: ClassificationResult,
  { data, context }: { readonly data: readonly string[]; readonly context: CommandContext },
): Promise<void> {
  const { env, signal } = context;
  const sets: StoredClassificationSet[] = [];
  try {
    for (const text of data) {
      const spec = parseDataSpec(text);
      const scored = result.sets.find((set) => set.data.name === spec.name);
      if (scored === undefined) {
        const names = result.sets.map((set) => set.data.name).join(", ");
        throw new CliError("usage", `--data: expected one of ${names}, found ${spec.name}`);
      }
      sets.push(
        await openClassificationSet(spec, {
          split: "val",
          ...(scored.classes.length > 0 && { classes: scored.classes }),
          cache: `${cacheFolder(env)}/data`,
          signal,
        }),
      );
    }
    await writeHtmlReport(path, result, { sets, signal });
  } finally {
    await Promise.all(sets.map((set) => set.dispose()));
  }
}

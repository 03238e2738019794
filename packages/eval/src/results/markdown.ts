// Results side by side in Markdown: a row each, the published row under it, and what attention pooling adds.

import { changedFields } from "./changed-fields.ts";
import { difference } from "./result-table.ts";
import { PUBLISHED_ROWS, type PublishedRow } from "./published.ts";
import type { ClassificationResult } from "./result.ts";
import { type ResultSummary, summarizeResult } from "./summarize.ts";
import { decimals, markdownTable, signed } from "./text-table.ts";

/** Results as a Markdown table, each beside its published row, with remarks under it. Ends with a line break. */
export function resultsMarkdown(results: readonly ClassificationResult[]): string {
  const summaries = results.map(summarizeResult);
  const titles = new Map(summaries.flatMap(({ sets }) => sets.map((set) => [set.name, set.title])));
  const names = [...titles.keys()];
  const head = ["top-1 %", ...titles.values(), "avg.", "Δ"];
  const rows = summaries.flatMap((summary) => rowsOf(summary, { names, summaries }));
  const remarks = results.flatMap(({ protocol: facts, warnings }, at) => {
    const { model, protocol, reservations } = summaries[at]!;
    const texts = [...changedFields(facts), ...reservations, ...warnings];
    return texts.map((text) => `- ${model}, ${protocol}: ${text}.`);
  });
  const explained = [
    "Top-1 in percent ± binomial standard error; avg.: mean of the six ImageNet sets; Δ: average of attention pooling minus average of the linear probe of the same encoder.",
  ];
  return `${[markdownTable([head, ...rows]), "", ...explained, ...(remarks.length === 0 ? [] : ["", ...remarks])].join("\n")}\n`;
}

function rowsOf(
  summary: ResultSummary,
  all: { readonly names: readonly string[]; readonly summaries: readonly ResultSummary[] },
): readonly (readonly string[])[] {
  const { model, protocol, published, average } = summary;
  const sets = all.names.map((name) => summary.sets.find((set) => set.name === name));
  const own = sets.map((set) =>
    set === undefined ? "–" : `${decimals(set.top1, 2)} ± ${decimals(set.standardError, 2)}`,
  );
  const gain = poolingGain(summary, all.summaries);
  const first = [`${model}, ${protocol}`, ...own, decimals(average, 2), signed(gain, 2)];
  if (published === null) return [first];
  const printed = sets.map((set) => decimals(set?.published ?? null, 1));
  const distance = sets.map((set) =>
    signed(difference(set?.top1 ?? null, set?.published ?? null), 2),
  );
  return [
    first,
    ["published", ...printed, decimals(published.average, 1), signed(publishedGain(published), 1)],
    ["difference", ...distance, signed(difference(average, published.average), 2), ""],
  ];
}

/** How much the average of attention pooling is above that of the linear probe of the same encoder. */
function poolingGain(summary: ResultSummary, all: readonly ResultSummary[]): number | null {
  if (summary.probe !== "attention-pooling") return null;
  const linear = all.find(({ probe, model }) => probe === "linear" && model === summary.model);
  return difference(summary.average, linear?.average ?? null);
}

function publishedGain({ probe, model, resolution, average }: PublishedRow): number | null {
  if (probe !== "attention-pooling") return null;
  const linear = PUBLISHED_ROWS.find(
    (row) => row.probe === "linear" && row.model === model && row.resolution === resolution,
  );
  return difference(average, linear?.average ?? null);
}

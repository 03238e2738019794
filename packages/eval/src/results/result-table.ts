// What a run found, for a terminal: a line per set.

import { changedFields } from "./changed-fields.ts";
import type { ClassificationResult } from "./result.ts";
import { summarizeResult } from "./summarize.ts";
import { decimals, plainTable, signed } from "./text-table.ts";

/** A table of the sets of a result and what is to be known of it, without a line break at the end. */
export function resultTable(result: ClassificationResult): string {
  const summary = summarizeResult(result);
  const { sets, average, published, reservations } = summary;
  const rows = sets.map(({ title, top1, top5, standardError, scored, unreadable, ...set }) => [
    title,
    decimals(top1, 2),
    `±${decimals(standardError, 2)}`,
    decimals(top5, 2),
    String(scored),
    String(unreadable),
    decimals(set.published, 1),
    signed(difference(top1, set.published), 2),
  ]);
  const mean = [
    "average",
    decimals(average, 2),
    "",
    "",
    "",
    "",
    decimals(published?.average ?? null, 1),
    signed(difference(average, published?.average ?? null), 2),
  ];
  const head = ["set", "top-1", "±", "top-5", "pictures", "unreadable", "published", "difference"];
  const columns = published === null ? 6 : head.length;
  const table = [head, ...rows, ...(average === null ? [] : [mean])];
  return [
    `${summary.model}, ${summary.protocol}, head ${summary.head}`,
    "",
    plainTable(table.map((row) => row.slice(0, columns))),
    "",
    ...changedFields(result.protocol).map((text) => `${text}.`),
    ...reservations.map((text) => `Published numbers: ${text}.`),
    ...result.warnings.map((text) => `Warning: ${text}`),
  ]
    .join("\n")
    .trimEnd();
}

/** `value − other`, or null where one is missing. */
export function difference(value: number | null, other: number | null): number | null {
  return value === null || other === null ? null : value - other;
}

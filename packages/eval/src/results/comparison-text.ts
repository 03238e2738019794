// A comparison for people.

import type { ResultComparison, SetComparison } from "./compare-results.ts";
import type { JsonValue } from "./json-value.ts";
import { decimals, plainTable, signed } from "./text-table.ts";

/** Options of `comparisonText`. */
export interface ComparisonTextOptions {
  /** What the two results are called, such as the names of their files. */
  readonly names: readonly [string, string];
}

/** Scores side by side, then what was different about the runs. No line break at the end. */
export function comparisonText(
  comparison: ResultComparison,
  { names }: ComparisonTextOptions,
): string {
  const { sets, differences, onlyFirst, onlySecond } = comparison;
  const head = ["top-1 %", "first", "second", "difference", "±", "p", "verdict"];
  const table = plainTable([head, ...sets.map(rowOf)]);
  const lone = [
    ...onlyFirst.map((name) => `${name}: only in the first`),
    ...onlySecond.map((name) => `${name}: only in the second`),
  ];
  const fields = differences.map(
    ({ field, first, second }) => `  ${field}: ${shown(first)} → ${shown(second)}`,
  );
  return [
    `first:  ${names[0]}`,
    `second: ${names[1]}`,
    "",
    ...(sets.length === 0 ? ["No set is in both."] : [table]),
    ...lone,
    "",
    ...(fields.length === 0
      ? ["Model, protocol, data and environment are the same."]
      : ["What differs:", ...fields]),
  ].join("\n");
}

function rowOf(set: SetComparison): readonly string[] {
  const { name, first, second, difference, standardError, paired, significance } = set;
  return [
    set.samePictures ? name : `${name} (other pictures)`,
    decimals(first, 2),
    decimals(second, 2),
    signed(difference, 2),
    decimals(standardError, 2),
    paired === null ? "–" : formatProbability(paired.pValue),
    significance,
  ];
}

/** A probability with as many digits as say something. */
export function formatProbability(p: number): string {
  if (p < 1e-4) return "<0.0001";
  return p.toFixed(p < 0.01 ? 4 : 2);
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

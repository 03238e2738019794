// What was changed in a named protocol, in words, for tables of results.

import type { ProtocolFacts } from "./result.ts";

/** Characters of a value that a sentence has room for. */
const MAX_VALUE = 40;

/** A sentence with every field that is another than the named protocol's; none where there is none. */
export function changedFields({
  base,
  differences,
}: Pick<ProtocolFacts, "base" | "differences">): readonly string[] {
  if (base === null || differences.length === 0) return [];
  const fields = differences.map(
    ({ field, own, named }) => `${field} ${short(named)} → ${short(own)}`,
  );
  return [`Changed from ${base}: ${fields.join(", ")}`];
}

function short(value: unknown): string {
  const text = value === null ? "none" : JSON.stringify(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
}

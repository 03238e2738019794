// In which fields two JSON values differ.

import { canonicalText, isFacts, type JsonValue } from "./json-value.ts";

/** A field with two values; undefined where one does not have it. */
export interface DifferingField {
  /** Path with dots: `protocol.optimizer.momentum`. */
  readonly field: string;
  readonly first: JsonValue | undefined;
  readonly second: JsonValue | undefined;
}

/** The fields of two values that differ, in their order; `path` stands before each. */
export function differingFields(
  [first, second]: readonly [JsonValue | undefined, JsonValue | undefined],
  path: string,
): readonly DifferingField[] {
  if (isFacts(first) && isFacts(second)) {
    const fields = [...new Set([...Object.keys(first), ...Object.keys(second)])];
    return fields.flatMap((field) =>
      differingFields([first[field], second[field]], path === "" ? field : `${path}.${field}`),
    );
  }
  // Wrapped, because undefined alone has no JSON.
  const same = canonicalText([first]) === canonicalText([second]);
  return same ? [] : [{ field: path, first, second }];
}

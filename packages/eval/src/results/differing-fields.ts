// In which fields two results differ.

import type { JsonValue } from "@internvit/model-core";

import { differencesBelow } from "../protocols/differences.ts";

/** A field with two values; undefined where one does not have it. */
export interface DifferingField {
  /** Path with dots: `protocol.optimizer.momentum`. */
  readonly field: string;
  readonly first: JsonValue | undefined;
  readonly second: JsonValue | undefined;
}

/** The fields of two values that differ, in their order. */
export function differingFields(first: JsonValue, second: JsonValue): readonly DifferingField[] {
  return differencesBelow(first, second, "").map(({ field, own, named }) => ({
    field,
    first: own as JsonValue | undefined,
    second: named as JsonValue | undefined,
  }));
}

// In which fields two results differ.

import type { JsonFacts, JsonValue } from "@internvit/model-core";

import { differencesBelow } from "../protocols/differences.ts";
import type { EvaluationResult } from "./evaluation-result.ts";

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

/** What has a say in the numbers of a result of either kind, but for the sets that are scored. */
export function commonIdentity({
  model,
  protocol,
  train,
  environment,
  seed,
  heads,
}: EvaluationResult): JsonFacts {
  return {
    model: { ...model },
    protocol: protocol.value,
    train: { ...train },
    environment: { ...environment },
    seed,
    head: { ...heads[0]! },
  };
}

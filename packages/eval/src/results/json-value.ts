// Values that JSON holds, and their one text for people: keys of every object in ascending order, so that equal values
// are equal bytes and have equal hashes.

import { canonicalJson } from "../protocols/protocol-hash.ts";

/** A value that JSON holds. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Named facts. */
export type JsonFacts = Readonly<Record<string, JsonValue>>;

/** The canonical JSON of a value, indented by one space, with a line break at the end. */
export function canonicalText(value: unknown): string {
  return `${JSON.stringify(JSON.parse(canonicalJson(value)), undefined, 1)}\n`;
}

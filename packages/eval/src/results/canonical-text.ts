// One text for people of a value that JSON holds: keys of every object in ascending order, so that equal values are equal
// bytes and have equal hashes.

import { canonicalJson } from "../protocols/protocol-hash.ts";

/** The canonical JSON of a value, indented by one space, with a line break at the end. */
export function canonicalText(value: unknown): string {
  return `${JSON.stringify(JSON.parse(canonicalJson(value)), undefined, 1)}\n`;
}

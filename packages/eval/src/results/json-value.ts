// Values that JSON holds, and their one canonical text: keys of every object in ascending order, so that equal values
// are equal bytes and have equal hashes.

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

/** True for an object that is no array. */
export function isFacts(value: unknown): value is JsonFacts {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON of a value with the keys of every object in ascending order, indented by one space. */
export function canonicalText(value: unknown): string {
  const sorted = (_: string, part: unknown): unknown =>
    isFacts(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part;
  return `${JSON.stringify(value, sorted, 1)}\n`;
}

// What JSON holds: facts that go into files and out of programs.

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

// zod at the boundary: a schema's first complaint becomes a ModelError that says where, what was expected and what
// was found. zod's own messages leave out the value.

import type * as z from "zod/mini";
import { describeValue } from "../describe-value.ts";
import { ModelError } from "../errors.ts";

/** Where a JSON value comes from. */
export interface JsonPlace {
  /** The file. */
  readonly subject: string;
  /** The fields that lead to the value inside the file; default: the whole file. */
  readonly path?: readonly string[];
}

/**
 * The value that `schema` makes of `json`.
 *
 * @throws ModelError `malformed` with file, field path, expected and found.
 */
export function parseWith<T>(schema: z.ZodMiniType<T>, json: unknown, place: JsonPlace): T {
  const result = schema.safeParse(json, { error: describeExpected });
  if (result.success) return result.data;
  const { subject } = place;
  const { path = [], message = "another value" } = result.error.issues[0] ?? {};
  const field = fieldName(path.map(String).join("."), place);
  const found = describeValue(valueAt(json, path));
  throw new ModelError(
    "malformed",
    `${subject}: ${field === "" ? "" : `${field}: `}expected ${message}, found ${found}`,
    { subject },
  );
}

/** The full path of a field inside its file, with dots. */
export function fieldName(field: string, { path = [] }: JsonPlace): string {
  return [...path, ...(field === "" ? [] : [field])].join(".");
}

const EXPECTED_TYPES: Readonly<Record<string, string>> = {
  array: "an array",
  boolean: "true or false",
  nonoptional: "a value",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a string",
};

/** What completes "expected …" for a complaint; a schema's own `error` text comes first. */
function describeExpected(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return EXPECTED_TYPES[issue.expected] ?? issue.expected;
    case "too_small":
      return `a number ${issue.inclusive === true ? "of at least" : "above"} ${issue.minimum}`;
    case "too_big":
      return `a number ${issue.inclusive === true ? "of at most" : "below"} ${issue.maximum}`;
    default:
      return undefined;
  }
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  let value = json;
  for (const key of path) {
    // Own properties only: a field called "constructor" must not find Object's.
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return value;
}

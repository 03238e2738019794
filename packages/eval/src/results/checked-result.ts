// A result from JSON, of either kind. Results are kept for years and passed between people: a damaged or newer one is
// refused with the field that is wrong, and what contradicts itself is not shown as a number.

import type { z } from "zod";

import { EvalError } from "../errors.ts";

/** Options of the functions that parse results. */
export interface ParseResultOptions {
  /** Where the JSON comes from, for messages. */
  readonly subject: string;
}

/**
 * A result of the format that the schema is of.
 *
 * @throws EvalError `unsupported` for a newer version, `invalid-data` naming the first field that is wrong
 */
export function checkedResult<Result>(
  value: unknown,
  options: ParseResultOptions & {
    readonly format: string;
    readonly schema: z.ZodType<Result>;
    /** What cannot be true of any run, or undefined. */
    readonly findContradiction: (result: Result) => string | undefined;
  },
): Result {
  const { subject, format: expected, schema, findContradiction } = options;
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== expected) {
    throw notAResult(`format: expected "${expected}", found ${JSON.stringify(format)}`, subject);
  }
  if (typeof version === "number" && version > 1) {
    throw new EvalError(
      "unsupported",
      `${subject}: a result of version ${version}; this program reads version 1`,
      { subject },
    );
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const { path = [], message = "not a result" } = parsed.error.issues[0] ?? {};
    throw notAResult(`${path.join(".")}: ${message}`, subject);
  }
  const contradiction = findContradiction(parsed.data);
  if (contradiction !== undefined) throw notAResult(contradiction, subject);
  return parsed.data;
}

/** The refusal of what is no result. */
export function notAResult(problem: string, subject: string): EvalError {
  return new EvalError("invalid-data", `${subject}: not a result of an evaluation; ${problem}`, {
    subject,
  });
}

// Command-line options by zod: text in, typed values out, and a complaint that names the option.

import { z } from "zod";

import { CliError } from "../errors.ts";

/**
 * The options that `schema` makes of what the command line said.
 *
 * @throws CliError `usage` that names the first option that is wrong, what it takes and what was found.
 */
export function parseOptions<T>(schema: z.ZodType<T>, raw: Readonly<Record<string, unknown>>): T {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const { path = [], message = "expected another value" } = result.error.issues[0] ?? {};
  const key = String(path[0] ?? "");
  const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new CliError("usage", `${flag}: ${message}, found ${JSON.stringify(raw[key])}`);
}

/** A value that is not empty. */
export const text: z.ZodType<string> = z.string().min(1, { error: "expected a name" });

/** The same where the option may be left out. */
export const optionalText: z.ZodType<string | undefined> = maybe(text);

/** An option without value. */
export const flag: z.ZodType<boolean> = z.boolean().default(false);

/** An option that may be left out; its field is there nevertheless. */
export function maybe<T>(schema: z.ZodType<T>): z.ZodType<T | undefined> {
  return schema.optional();
}

/** A whole number in decimal digits. */
export function wholeNumber({
  minimum,
  maximum = Number.MAX_SAFE_INTEGER,
}: {
  readonly minimum: number;
  readonly maximum?: number;
}): z.ZodType<number> {
  const range =
    maximum === Number.MAX_SAFE_INTEGER
      ? `of at least ${minimum}`
      : `from ${minimum} to ${maximum}`;
  const error = `expected a whole number ${range}`;
  return z
    .string()
    .regex(/^\d+$/, { error })
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, { error });
}

/** One of a few words. */
export function oneOf<const T extends readonly [string, ...string[]]>(
  words: T,
): z.ZodType<T[number]> {
  return z.enum(words, { error: `expected ${words.join(" or ")}` });
}

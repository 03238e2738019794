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

/** The whole numbers that an option takes. */
interface NumberRange {
  readonly minimum: number;
  readonly maximum?: number;
}

/** A whole number in decimal digits. */
export function wholeNumber(range: NumberRange): z.ZodType<number> {
  return decimalDigits(range, { error: expectedNumber(range) });
}

/** A whole number in decimal digits, or a word. */
export function wholeNumberOr<const Word extends string>(
  word: Word,
  range: NumberRange,
): z.ZodType<number | Word> {
  // Both have the complaint: which of them a union repeats depends on how far the text got.
  const error = { error: `${expectedNumber(range)} or ${word}` };
  return z.union([z.literal(word), decimalDigits(range, error)], error);
}

function decimalDigits(
  { minimum, maximum = Number.MAX_SAFE_INTEGER }: NumberRange,
  error: { readonly error: string },
): z.ZodType<number> {
  return z
    .string()
    .regex(/^\d+$/, error)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, error);
}

function expectedNumber({ minimum, maximum }: NumberRange): string {
  return maximum === undefined
    ? `expected a whole number of at least ${minimum}`
    : `expected a whole number from ${minimum} to ${maximum}`;
}

/** A whole number that may be below 0. */
export const signedNumber: z.ZodType<number> = z
  .string()
  .regex(/^-?\d{1,6}$/, { error: "expected a whole number" })
  .transform(Number);

/** Whole numbers above 0 with commas between them. */
export const positiveNumbers: z.ZodType<readonly number[]> = z
  .string()
  .regex(/^[1-9]\d{0,5}(,[1-9]\d{0,5})*$/, {
    error: "expected whole numbers above 0 with commas between them",
  })
  .transform((value) => value.split(",").map(Number));

/** Numbers above 0, with a fraction or without, with commas between them. */
export const positiveDecimals: z.ZodType<readonly number[]> = z
  .string()
  .transform((value) => value.split(",").map(toDecimal))
  .refine((values) => values.every((value) => value > 0), {
    error: "expected numbers above 0 with commas between them",
  });

/** A number from 0 to 1. */
export const share: z.ZodType<number> = z
  .string()
  .transform(toDecimal)
  .refine((value) => value >= 0 && value <= 1, { error: "expected a number from 0 to 1" });

/** NaN for what are no decimal digits. */
function toDecimal(value: string): number {
  return /^\d{1,6}(\.\d{1,6})?$/.test(value) ? Number(value) : Number.NaN;
}

/** Two times in seconds, `start-end`. */
export const timeRange: z.ZodType<{ readonly start: number; readonly end: number }> = z
  .string()
  .regex(/^\d+(\.\d+)?-\d+(\.\d+)?$/, { error: "expected seconds such as 2.5-10" })
  .transform((value) => {
    const [start = 0, end = 0] = value.split("-").map(Number);
    return { start, end };
  })
  .refine(({ start, end }) => start < end, { error: "expected a start before the end" });

/** One of a few words. */
export function oneOf<const T extends readonly [string, ...string[]]>(
  words: T,
): z.ZodType<T[number]> {
  return z.enum(words, { error: `expected ${words.join(" or ")}` });
}

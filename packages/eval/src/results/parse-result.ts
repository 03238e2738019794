// A result from JSON. Results are kept for years and passed between people: a damaged or newer one is refused with the
// field that is wrong, and what contradicts itself is not shown as a number.

import { z } from "zod";

import { EvalError } from "../errors.ts";
import type { ClassificationScore } from "../scoring/score.ts";
import type { JsonFacts, JsonValue } from "./json-value.ts";
import {
  type ClassificationResult,
  MAX_CURVE_POINTS,
  MAX_NAMED_PICTURES,
  RESULT_FORMAT,
} from "./result.ts";

const count = z.int().min(0);
const percent = z.number().min(0).max(100);
const share = z.number().min(0).max(1);
const hash = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in hexadecimal");
const json: z.ZodType<JsonValue> = z.json();
const facts: z.ZodType<JsonFacts> = z.record(z.string(), json);

const data = z.strictObject({
  name: z.string(),
  origin: z.string(),
  length: count,
  classes: count,
  listHash: hash,
});

const wrongPicture = z.strictObject({
  index: count,
  key: z.string(),
  labels: z.array(count),
  predicted: count,
  confidence: share,
});

const score: z.ZodType<ClassificationScore> = z.strictObject({
  scored: count,
  unlabelled: count,
  unreadable: count,
  top1Correct: count,
  top5Correct: count,
  top1: percent.nullable(),
  top5: percent.nullable(),
  perClass: z.strictObject({ pictures: z.array(count), top1Correct: z.array(count) }),
  worstClasses: z.array(
    z.strictObject({
      label: count,
      pictures: count,
      top1Correct: count,
      mistakenFor: z.array(z.strictObject({ label: count, pictures: count })),
      examples: z.array(wrongPicture),
    }),
  ),
  calibration: z.strictObject({
    expectedError: share.nullable(),
    bins: z.array(
      z.strictObject({ pictures: count, correct: count, confidence: share.nullable() }),
    ),
  }),
  worstPictures: z.array(wrongPicture),
  outcomes: z.base64().nullable(),
});

const schema: z.ZodType<ClassificationResult> = z.strictObject({
  format: z.literal(RESULT_FORMAT),
  version: z.literal(1),
  finished: z.iso.datetime(),
  model: z.strictObject({
    name: z.string(),
    source: z.string(),
    checkpointHash: hash.nullable(),
    synthesized: z.string().nullable(),
    config: facts,
  }),
  protocol: z.strictObject({
    base: z.string().nullable(),
    hash,
    value: facts,
    differences: z.array(z.strictObject({ field: z.string(), own: json, named: json })),
  }),
  train: data,
  environment: z.strictObject({
    provider: z.string(),
    device: z.string(),
    dtype: z.string(),
    platform: z.string(),
    versions: z.record(z.string(), z.string()),
  }),
  seed: count,
  times: z.strictObject({
    total: z.number().min(0),
    parts: z.array(z.strictObject({ name: z.string(), seconds: z.number().min(0) })),
    resumed: count,
  }),
  grid: z.array(
    z.strictObject({
      learningRate: z.number(),
      weightDecay: z.number(),
      heldOut: percent.nullable(),
      trainLoss: z.number().nullable(),
      chosen: z.boolean(),
    }),
  ),
  curves: z.array(
    z.strictObject({
      name: z.string(),
      line: z.string(),
      x: z.enum(["step", "epoch"]),
      unit: z.enum(["loss", "percent", "rate", "norm"]),
      points: z.array(z.tuple([z.number(), z.number()])).max(MAX_CURVE_POINTS),
    }),
  ),
  heads: z
    .array(z.strictObject({ name: z.string(), epoch: z.number().nullable(), choice: z.string() }))
    .min(1),
  sets: z.array(
    z.strictObject({
      data,
      classes: z.array(z.string()),
      restricted: z.boolean(),
      scores: z.array(score),
      unreadable: z
        .array(z.strictObject({ index: count, key: z.string(), reason: z.string() }))
        .max(MAX_NAMED_PICTURES),
    }),
  ),
  warnings: z.array(z.string()),
});

/** Options of `parseResult`. */
export interface ParseResultOptions {
  /** Where the JSON comes from, for messages. */
  readonly subject: string;
}

/**
 * A result from JSON that was parsed.
 *
 * @throws EvalError `unsupported` for a newer version, `invalid-data` naming the first field that is wrong
 */
export function parseResult(value: unknown, options: ParseResultOptions): ClassificationResult {
  const { subject } = options;
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== RESULT_FORMAT) {
    throw invalid(`format: expected "${RESULT_FORMAT}", found ${JSON.stringify(format)}`, subject);
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
    throw invalid(`${path.join(".")}: ${message}`, subject);
  }
  const contradiction = findContradiction(parsed.data);
  if (contradiction !== undefined) throw invalid(contradiction, subject);
  return parsed.data;
}

/** What in a result cannot be true of any run, or undefined. */
function findContradiction(result: ClassificationResult): string | undefined {
  for (const [at, { data: facts, classes, scores }] of result.sets.entries()) {
    const place = `sets.${at} (${facts.name})`;
    if (scores.length !== result.heads.length) {
      return `${place}: expected ${result.heads.length} scores, one per head, found ${scores.length}`;
    }
    if (classes.length !== 0 && classes.length !== facts.classes) {
      return `${place}: expected ${facts.classes} class names, found ${classes.length}`;
    }
    for (const [head, found] of scores.entries()) {
      const problem = contradictionOf(found, facts);
      if (problem !== undefined) return `${place}.scores.${head}: ${problem}`;
    }
  }
  return undefined;
}

function contradictionOf(
  score: ClassificationScore,
  { length, classes }: { readonly length: number; readonly classes: number },
): string | undefined {
  const { scored, unlabelled, top1Correct, top5Correct, unreadable, perClass } = score;
  if (scored + unlabelled !== length) {
    return `${scored} scored and ${unlabelled} unlabelled pictures of ${length}`;
  }
  if (top1Correct > top5Correct || top5Correct + unreadable > scored) {
    return `${top1Correct} right at top 1, ${top5Correct} at top 5 and ${unreadable} unreadable of ${scored}`;
  }
  if (!isPercentage(score.top1, top1Correct, scored)) {
    return `top1 ${score.top1} is not ${top1Correct} of ${scored} in percent`;
  }
  if (!isPercentage(score.top5, top5Correct, scored)) {
    return `top5 ${score.top5} is not ${top5Correct} of ${scored} in percent`;
  }
  if (perClass.pictures.length !== classes || perClass.top1Correct.length !== classes) {
    return `expected counts of ${classes} classes, found ${perClass.pictures.length} and ${perClass.top1Correct.length}`;
  }
  return undefined;
}

function isPercentage(found: number | null, part: number, whole: number): boolean {
  if (whole === 0) return found === null;
  return found !== null && Math.abs(found - (100 * part) / whole) < 1e-9;
}

function invalid(problem: string, subject: string): EvalError {
  return new EvalError("invalid-data", `${subject}: not a result of an evaluation; ${problem}`, {
    subject,
  });
}

// A classification result from JSON.

import { z } from "zod";

import type { ClassificationScore } from "../scoring/score.ts";
import { commonFields, count, data, share, unreadable } from "./common-fields.ts";
import { checkedResult, type ParseResultOptions } from "./checked-result.ts";
import { type ClassificationResult, RESULT_FORMAT } from "./result.ts";

const percent = z.number().min(0).max(100);

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
  ...commonFields,
  format: z.literal(RESULT_FORMAT),
  grid: z.array(
    z.strictObject({
      learningRate: z.number(),
      weightDecay: z.number(),
      heldOut: percent.nullable(),
      trainLoss: z.number().nullable(),
      chosen: z.boolean(),
    }),
  ),
  sets: z.array(
    z.strictObject({
      data,
      classes: z.array(z.string()),
      restricted: z.boolean(),
      scores: z.array(score),
      unreadable,
    }),
  ),
});

/**
 * A classification result from JSON that was parsed.
 *
 * @throws EvalError `unsupported` for a newer version, `invalid-data` naming the first field that is wrong
 */
export function parseResult(value: unknown, options: ParseResultOptions): ClassificationResult {
  return checkedResult(value, { ...options, format: RESULT_FORMAT, schema, findContradiction });
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

// A segmentation result from JSON.

import { z } from "zod";

import { meanOf, scoreOfCounts } from "../scoring/segmentation.ts";
import { checkedResult, type ParseResultOptions } from "./checked-result.ts";
import { commonFields, count, data, share, unreadable } from "./common-fields.ts";
import {
  SEGMENTATION_RESULT_FORMAT,
  type SegmentationExample,
  type SegmentationResult,
  type SegmentationSetResult,
  type SegmentationSetScore,
} from "./segmentation-result.ts";

const shares = z.array(share.nullable());
const counts = z.array(count);

const score: z.ZodType<SegmentationSetScore> = z.strictObject({
  pictures: count,
  unreadable: count,
  meanIou: share.nullable(),
  meanAccuracy: share.nullable(),
  pixelAccuracy: share.nullable(),
  boundaryIou: share.nullable(),
  perClass: z.strictObject({
    iou: shares,
    accuracy: shares,
    boundaryIou: shares,
    intersection: counts,
    predicted: counts,
    labelled: counts,
  }),
});

const example: z.ZodType<SegmentationExample> = z.strictObject({
  index: count,
  key: z.string(),
  place: z.enum(["worst", "median", "best"]),
  meanIou: share.nullable(),
  prediction: z.base64().min(1),
});

const schema: z.ZodType<SegmentationResult> = z.strictObject({
  ...commonFields,
  format: z.literal(SEGMENTATION_RESULT_FORMAT),
  val: z.strictObject({
    data,
    classes: z.array(z.string()),
    scores: z.array(score),
    unreadable,
    examples: z.array(example),
  }),
});

/**
 * A segmentation result from JSON that was parsed.
 *
 * @throws EvalError `unsupported` for a newer version, `invalid-data` naming the first field that is wrong
 */
export function parseSegmentationResult(
  value: unknown,
  options: ParseResultOptions,
): SegmentationResult {
  const format = SEGMENTATION_RESULT_FORMAT;
  return checkedResult(value, { ...options, format, schema, findContradiction });
}

function findContradiction({ val, heads }: SegmentationResult): string | undefined {
  const { data: facts, classes, scores } = val;
  const place = `val (${facts.name})`;
  if (scores.length !== heads.length) {
    return `${place}: expected ${heads.length} scores, one per head, found ${scores.length}`;
  }
  if (classes.length !== facts.classes) {
    return `${place}: expected ${facts.classes} class names, found ${classes.length}`;
  }
  for (const [head, found] of scores.entries()) {
    const problem = contradictionOf(found, val);
    if (problem !== undefined) return `${place}.scores.${head}: ${problem}`;
  }
  const problem = contradictionOfExamples(val);
  return problem === undefined ? undefined : `${place}.examples: ${problem}`;
}

/** Every share must be that of its counts: a result is believed by its numbers. */
function contradictionOf(
  found: SegmentationSetScore,
  { data: facts, unreadable: named }: SegmentationSetResult,
): string | undefined {
  const { pictures, perClass } = found;
  if (pictures + found.unreadable !== facts.length) {
    return `${pictures} scored and ${found.unreadable} unreadable pictures of ${facts.length}`;
  }
  if (named.length > found.unreadable) {
    return `${found.unreadable} unreadable pictures, ${named.length} of them by name`;
  }
  for (const [field, values] of Object.entries(perClass)) {
    if (values.length !== facts.classes) {
      return `perClass.${field}: expected values of ${facts.classes} classes, found ${values.length}`;
    }
  }
  const { intersection, predicted, labelled } = perClass;
  const excess = intersection.findIndex(
    (both, at) => both > Math.min(predicted[at]!, labelled[at]!),
  );
  if (excess >= 0) return `class ${excess}: more right pixels than predicted or labelled ones`;
  const expected = scoreOfCounts({
    intersection: Float64Array.from(intersection),
    predicted: Float64Array.from(predicted),
    labelled: Float64Array.from(labelled),
  });
  for (const field of ["iou", "accuracy"] as const) {
    const wrong = perClass[field].findIndex((value, at) => !isNear(value, expected[field][at]!));
    if (wrong >= 0) {
      return `perClass.${field}.${wrong} ${perClass[field][wrong]} is not that of its pixels, ${expected[field][wrong]}`;
    }
  }
  const boundaryIou = meanOf(perClass.boundaryIou);
  for (const [field, value] of Object.entries({
    meanIou: expected.meanIou,
    meanAccuracy: expected.meanAccuracy,
    pixelAccuracy: expected.pixelAccuracy,
    boundaryIou,
  })) {
    const own = found[field as "meanIou"];
    if (!isNear(own, value)) return `${field} ${own} is not that of its classes, ${value}`;
  }
  return undefined;
}

function contradictionOfExamples({
  data: facts,
  examples,
}: SegmentationSetResult): string | undefined {
  const indices = examples.map(({ index }) => index);
  const outside = indices.find((index) => index >= facts.length);
  if (outside !== undefined) return `picture ${outside} of ${facts.length}`;
  return new Set(indices).size === indices.length ? undefined : "a picture stands there twice";
}

function isNear(value: number | null, expected: number | null): boolean {
  if (value === null || expected === null) return value === expected;
  return Math.abs(value - expected) < 1e-9;
}

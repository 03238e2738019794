// A comparison for people.

import type { JsonValue } from "@internvit/model-core";

import type { ResultComparison, SetComparison } from "./compare-results.ts";
import type { ScoreComparison, SegmentationComparison } from "./compare-segmentation.ts";
import type { DifferingField } from "./differing-fields.ts";
import { decimals, plainTable, signed } from "./text-table.ts";

/** Options of `comparisonText`. */
export interface ComparisonTextOptions {
  /** What the two results are called, such as the names of their files. */
  readonly names: readonly [string, string];
}

/** Scores side by side, then what was different about the runs. No line break at the end. */
export function comparisonText(
  comparison: ResultComparison,
  { names }: ComparisonTextOptions,
): string {
  const { sets, differences, onlyFirst, onlySecond } = comparison;
  const head = ["top-1 %", "first", "second", "difference", "±", "p", "verdict"];
  const table = plainTable([head, ...sets.map(rowOf)]);
  return [
    ...namesText(names),
    "",
    ...(sets.length === 0 ? ["No set is in both."] : [table]),
    ...loneText({ onlyFirst, onlySecond }),
    "",
    ...differencesText(differences),
  ].join("\n");
}

/** The same of two segmentation results: their scores, then all classes, then what was different. */
export function segmentationComparisonText(
  comparison: SegmentationComparison,
  { names }: ComparisonTextOptions,
): string {
  const { scores, classes, differences, samePictures, onlyFirst, onlySecond } = comparison;
  const rows = Object.entries(SCORE_NAMES).map(([field, name]) => [
    name,
    ...comparedCells(scores[field as keyof typeof SCORE_NAMES]),
  ]);
  const classRows = classes.map(({ name, iou, accuracy, boundaryIou }) => [
    name,
    ...comparedCells(iou),
    signed(accuracy.difference, 2),
    signed(boundaryIou.difference, 2),
  ]);
  const classHead = ["class, IoU %", "first", "second", "difference", "accuracy", "boundary IoU"];
  return [
    ...namesText(names),
    ...(samePictures ? [] : ["The scored pictures are others: the numbers may not be compared."]),
    "",
    plainTable([["%", "first", "second", "difference"], ...rows]),
    "",
    ...(classes.length === 0 ? ["No class is in both."] : [plainTable([classHead, ...classRows])]),
    ...loneText({ onlyFirst, onlySecond }),
    "",
    ...differencesText(differences),
  ].join("\n");
}

const SCORE_NAMES = {
  meanIou: "mIoU",
  meanAccuracy: "mAcc",
  pixelAccuracy: "aAcc",
  boundaryIou: "boundary IoU",
} as const;

function comparedCells({ first, second, difference }: ScoreComparison): readonly string[] {
  return [decimals(first, 2), decimals(second, 2), signed(difference, 2)];
}

function namesText(names: ComparisonTextOptions["names"]): readonly string[] {
  return [`first:  ${names[0]}`, `second: ${names[1]}`];
}

function loneText({
  onlyFirst,
  onlySecond,
}: Pick<ResultComparison, "onlyFirst" | "onlySecond">): readonly string[] {
  return [
    ...onlyFirst.map((name) => `${name}: only in the first`),
    ...onlySecond.map((name) => `${name}: only in the second`),
  ];
}

function differencesText(differences: readonly DifferingField[]): readonly string[] {
  if (differences.length === 0) return ["Model, protocol, data and environment are the same."];
  const fields = differences
    .filter((difference) => !isLoneSet(difference))
    .map(({ field, first, second }) => `  ${field}: ${shown(first)} → ${shown(second)}`);
  return ["What differs:", ...(fields.length === 0 ? ["  the sets"] : fields)];
}

/** Whether it is a set that only one of them has, which is told already. */
function isLoneSet({ field, first, second }: DifferingField): boolean {
  return /^sets\.[^.]+$/.test(field) && (first === undefined || second === undefined);
}

function rowOf(set: SetComparison): readonly string[] {
  const { name, first, second, difference, standardError, paired, significance } = set;
  return [
    set.samePictures ? name : `${name} (other pictures)`,
    decimals(first, 2),
    decimals(second, 2),
    signed(difference, 2),
    decimals(standardError, 2),
    paired === null ? "–" : formatProbability(paired.pValue),
    significance,
  ];
}

/** A probability with as many digits as say something. */
export function formatProbability(p: number): string {
  if (p < 1e-4) return "<0.0001";
  return p.toFixed(p < 0.01 ? 4 : 2);
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

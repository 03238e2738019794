// What the values of stored label pictures mean. Sets number their classes in ways of their own: from 0 or from 1, with
// gaps, with 0, 11 or 255 for pixels of no class. One table from values to labels covers them all, and knows which
// values mean nothing, so that a label of another set is named and not trained on.

import { IGNORED_LABEL, type LabelMap } from "../augment/segmentation/label-map.ts";
import { EvalError } from "../errors.ts";

/** The label of every value that a label picture may hold. */
export interface LabelValues {
  /** Label of each value from 0 to 65,535; -1 for a value that means nothing. */
  readonly labels: Int16Array;
  /** The values that mean something, for messages. */
  readonly expected: string;
}

/** A label picture as it is stored: values of pixels, row-major `[height, width]`. */
export interface StoredLabels {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8Array | Uint16Array;
}

/** Labels are bytes, one of which is `IGNORED_LABEL`. */
export const MAX_LABELS = 255;
const VALUES = 65_536;
const NAMED = 5;

/**
 * A table of values.
 *
 * @throws EvalError `invalid-argument` for more than 255 classes, or a value that is given twice or is none
 */
export function labelValues(options: {
  /** The value of each class, in the order of the labels. */
  readonly values: readonly number[];
  /** Values of pixels that have no class. */
  readonly ignored: readonly number[];
}): LabelValues {
  const { values, ignored } = options;
  if (values.length === 0 || values.length > MAX_LABELS) {
    throw new EvalError(
      "invalid-argument",
      `expected 1 to ${MAX_LABELS} classes, found ${values.length}`,
    );
  }
  const labels = new Int16Array(VALUES).fill(-1);
  const put = (value: number, label: number): void => {
    if (labels[value] !== -1) {
      throw new EvalError(
        "invalid-argument",
        `expected values of labels from 0 to ${VALUES - 1}, each once, found ${value}`,
      );
    }
    labels[value] = label;
  };
  for (const [label, value] of values.entries()) put(value, label);
  for (const value of new Set(ignored)) put(value, IGNORED_LABEL);
  const none = [...new Set(ignored)].sort((a, b) => a - b).join(" or ");
  return {
    labels,
    expected: `the values of ${values.length} classes, ${sayRanges(values)}, or ${none} for none`,
  };
}

/**
 * The labels that stored values mean.
 *
 * @throws EvalError `invalid-data`, naming the file, the values that mean nothing and where the first of them is
 */
export function toLabels(
  { width, height, values }: StoredLabels,
  { meaning, subject }: { readonly meaning: LabelValues; readonly subject: string },
): LabelMap {
  const { labels } = meaning;
  const data = new Uint8Array(values.length);
  let wrong = 0;
  for (let i = 0; i < values.length; i++) {
    const label = labels[values[i]!]!;
    data[i] = label;
    // Negative from the first -1 on: one branch after the loop.
    wrong |= label;
  }
  if (wrong < 0) throw foreignValues({ width, height, values }, { meaning, subject });
  return { width, height, data };
}

function foreignValues(
  { width, values }: StoredLabels,
  { meaning, subject }: { readonly meaning: LabelValues; readonly subject: string },
): EvalError {
  const found = new Set<number>();
  let pixels = 0;
  let first = -1;
  for (const [i, value] of values.entries()) {
    if (meaning.labels[value] !== -1) continue;
    if (first < 0) first = i;
    pixels++;
    found.add(value);
  }
  const sorted = [...found].sort((a, b) => a - b);
  const more = sorted.length - NAMED;
  const named = sorted.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return new EvalError(
    "invalid-data",
    `${subject}: expected ${meaning.expected}, found ${named} in ${pixels} ${pixels === 1 ? "pixel" : "pixels"}, first at column ${first % width}, row ${Math.floor(first / width)}`,
    { subject },
  );
}

/** Ascending values as ranges: "0 to 10, 12 to 24". */
function sayRanges(values: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const value of values) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === value - 1) last[1] = value;
    else ranges.push([value, value]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`)).join(", ");
}

// Which columns of a row of scores are the largest. Equal scores are ranked by column, the lower first: PyTorch's topk
// says nothing about ties, and a rule that depends on nothing but the row makes results repeatable.

import { EvalError } from "../errors.ts";

/** A row of a matrix of scores, or the part of it that counts. */
export interface ScoreRow {
  /** [rows, width], row-major. */
  readonly scores: Float32Array;
  /** Where the row begins. */
  readonly start: number;
  /** Columns of the row that count, ascending; label i is `columns[i]`. */
  readonly columns: Int32Array;
}

/** The `into.length` best labels of a row, best first, written to `into`. Throws for a score that is no number. */
export function rankRow({ scores, start, columns }: ScoreRow, into: Int32Array): void {
  const places = into.length;
  let found = 0;
  for (let label = 0; label < columns.length; label += 1) {
    const score = scores[start + columns[label]!]!;
    if (Number.isNaN(score)) {
      throw new EvalError("invalid-data", `the score of class ${columns[label]} is not a number`);
    }
    let place = found;
    // A strict comparison: of equal scores the one that came first stays ahead.
    while (place > 0 && score > scores[start + columns[into[place - 1]!]!]!) place -= 1;
    if (place === places) continue;
    for (let at = Math.min(found, places - 1); at > place; at -= 1) into[at] = into[at - 1]!;
    into[place] = label;
    if (found < places) found += 1;
  }
}

/** The probability of `label` by softmax over the row's columns, in float64. */
export function softmaxOf({ scores, start, columns }: ScoreRow, label: number): number {
  const score = scores[start + columns[label]!]!;
  let sum = 0;
  for (const column of columns) sum += Math.exp(scores[start + column]! - score);
  // Infinite logits: what is infinitely ahead is certain; several of them share.
  return Number.isNaN(sum) ? 1 / countOf(score, { scores, start, columns }) : 1 / sum;
}

function countOf(value: number, { scores, start, columns }: ScoreRow): number {
  let count = 0;
  for (const column of columns) if (scores[start + column] === value) count += 1;
  return count;
}

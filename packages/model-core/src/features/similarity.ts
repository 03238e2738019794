// How alike features are: the cosine of the angle between them, in float64. 1 is the same direction, 0 is unrelated.
// Features of nothing but zeros are like nothing: their cosine is 0.

import { ModelError } from "../errors.ts";

/**
 * The cosine between two vectors, −1 to 1.
 *
 * @throws ModelError `mismatch` when they differ in length.
 */
export function cosineSimilarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkLength(b.length, a.length);
  return cosines(a, b)[0] ?? 0;
}

/**
 * The cosine between one vector `[width]` and each row of `rows` `[n, width]`: `[n]`.
 *
 * @throws ModelError `mismatch` when the rows are not of that width.
 */
export function cosineSimilarities(
  query: ArrayLike<number>,
  rows: ArrayLike<number>,
): Float32Array<ArrayBuffer> {
  if (query.length === 0 || rows.length % query.length !== 0) {
    throw new ModelError(
      "mismatch",
      `expected rows of ${query.length} numbers, found ${rows.length} numbers in all`,
    );
  }
  return Float32Array.from(cosines(query, rows));
}

/** A vector that was compared. */
export interface Neighbor {
  /** Position among the candidates. */
  readonly index: number;
  /** Its cosine with the query, −1 to 1. */
  readonly similarity: number;
}

/**
 * The candidates in the order of their cosine with `query`, most alike first; equal ones stay in order.
 *
 * @throws ModelError `mismatch` when a candidate differs in length.
 */
export function nearestNeighbors(
  query: ArrayLike<number>,
  options: {
    readonly candidates: readonly ArrayLike<number>[];
    /** Default: all of them. */
    readonly count?: number;
  },
): readonly Neighbor[] {
  const { candidates, count = candidates.length } = options;
  return candidates
    .map((candidate, index) => ({ index, similarity: cosineSimilarity(query, candidate) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, count);
}

function cosines(query: ArrayLike<number>, rows: ArrayLike<number>): Float64Array {
  const width = query.length;
  let squares = 0;
  for (let c = 0; c < width; c++) squares += query[c]! * query[c]!;
  const result = new Float64Array(width === 0 ? 0 : rows.length / width);
  for (let r = 0, i = 0; r < result.length; r++) {
    let product = 0;
    let own = 0;
    for (let c = 0; c < width; c++, i++) {
      const value = rows[i]!;
      product += query[c]! * value;
      own += value * value;
    }
    const lengths = Math.sqrt(squares * own);
    // Rounding must not make two equal vectors more than alike.
    if (lengths > 0) result[r] = Math.min(1, Math.max(-1, product / lengths));
  }
  return result;
}

function checkLength(found: number, expected: number): void {
  if (found === expected) return;
  throw new ModelError("mismatch", `expected a vector of ${expected} numbers, found ${found}`);
}

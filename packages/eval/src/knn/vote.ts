// Classes by the labels of neighbours, each of which votes with exp(cosine / temperature). Reference:
// facebookresearch/dino, eval_knn.py.

import { EvalError } from "../errors.ts";
import type { Neighbours } from "./find-neighbours.ts";

/** Options of `voteOfNeighbours`. */
export interface VoteOptions {
  /** The class of each row of the bank. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** How many of the nearest vote; default: all that were found. */
  readonly neighbours?: number;
  /** Default 0.07. */
  readonly temperature?: number;
}

/**
 * The share of the votes that each class gets, [found.count, classes]: scores for a scorer of `shares`. Sums are float64.
 *
 * @throws EvalError `invalid-argument` for more neighbours than were found, `invalid-data` for a label out of range
 */
export function voteOfNeighbours(
  found: Neighbours,
  options: VoteOptions,
): Float32Array<ArrayBuffer> {
  const { labels, classes, neighbours = found.neighbours, temperature = 0.07 } = options;
  if (!(neighbours >= 1 && neighbours <= found.neighbours && temperature > 0)) {
    throw new EvalError(
      "invalid-argument",
      `expected from 1 to ${found.neighbours} neighbours and a temperature above 0, found ${neighbours} and ${temperature}`,
    );
  }
  const shares = new Float32Array(found.count * classes);
  const votes = new Float64Array(classes);
  for (let query = 0; query < found.count; query += 1) {
    const first = query * found.neighbours;
    const nearest = found.similarities[first]!;
    votes.fill(0);
    let sum = 0;
    for (let at = first; at < first + neighbours; at += 1) {
      const label = labels[found.rows[at]!];
      if (label === undefined || label < 0 || label >= classes) {
        throw new EvalError(
          "invalid-data",
          `row ${found.rows[at]} of the bank: expected a label below ${classes}, found ${label}`,
        );
      }
      // Relative to the nearest one: the shares are the same, and no temperature is too small.
      const vote = Math.exp((found.similarities[at]! - nearest) / temperature);
      votes[label]! += vote;
      sum += vote;
    }
    for (let label = 0; label < classes; label += 1) {
      shares[query * classes + label] = votes[label]! / sum;
    }
  }
  return shares;
}

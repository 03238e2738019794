// How good each head of a grid is on pictures of the training set that it was not trained with.

import type { TrainingSession } from "@internvit/train";

import { oneAhead } from "./ahead.ts";
import type { FeatureShards } from "./feature-shards.ts";
import type { GridHead } from "./head-grid.ts";
import { logitsOfShards } from "./logits.ts";

/** Top-1 of every head on the held-out rows, in percent. */
export async function heldOutScores(
  session: TrainingSession,
  options: {
    readonly heads: readonly GridHead[];
    readonly shards: FeatureShards;
    readonly labels: Int32Array;
    readonly classes: number;
  },
): Promise<number[]> {
  const { heads, shards, labels, classes } = options;
  const names = heads.map(({ name }) => name);
  const right = new Uint32Array(heads.length);
  const computed = logitsOfShards(session, { shards, heads: names, classes });
  for await (const rows of oneAhead(computed)) {
    for (const [head, logits] of rows.logits.entries()) {
      for (const [row, index] of rows.index.entries()) {
        const scores = logits.subarray(row * classes, (row + 1) * classes);
        if (argmax(scores) === labels[index]) right[head]!++;
      }
    }
  }
  return Array.from(right, (count) => (100 * count) / shards.total);
}

function argmax(scores: Float32Array): number {
  let best = 0;
  for (let at = 1; at < scores.length; at++) if (scores[at]! > scores[best]!) best = at;
  return best;
}

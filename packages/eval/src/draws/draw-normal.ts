// Normal numbers for first values, by Box and Muller's pairs.

import type { Random } from "@internvit/model-core";

import { cosTurns, log, sinTurns } from "./elementary-functions.ts";

/** Fills `data` with normal numbers of mean 0, the same in every JavaScript engine. */
export function drawNormal(
  data: Float32Array,
  { random, deviation }: { readonly random: Random; readonly deviation: number },
): void {
  for (let at = 0; at < data.length; at += 2) {
    // 1 − uniform is never 0.
    const radius = deviation * Math.sqrt(-2 * log(1 - random.uniform()));
    const turns = random.uniform();
    data[at] = radius * cosTurns(turns);
    if (at + 1 < data.length) data[at + 1] = radius * sinTurns(turns);
  }
}

// Normal numbers for first values, by Box and Muller's pairs: engines may differ in the last bit of a logarithm.

import type { Random } from "@internvit/model-core";

/** Fills `data` with normal numbers of mean 0. */
export function drawNormal(
  data: Float32Array,
  { random, deviation }: { readonly random: Random; readonly deviation: number },
): void {
  for (let at = 0; at < data.length; at += 2) {
    // 1 − uniform is never 0.
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - random.uniform()));
    const angle = 2 * Math.PI * random.uniform();
    data[at] = radius * Math.cos(angle);
    if (at + 1 < data.length) data[at + 1] = radius * Math.sin(angle);
  }
}

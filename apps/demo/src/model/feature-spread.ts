// Mean and variance of every number of some feature vectors, for standardising. Variances of a few examples are poor
// guesses: some number is always equal among them by chance, and a new picture would be many times its spread away. They
// are therefore drawn towards the median variance of all numbers, by so much as a handful of examples would weigh.

import type { LinearHead } from "./linear-head.ts";

/** So many examples' worth of trust in that all numbers spread alike. */
const PRIOR_EXAMPLES = 4;

/** Mean and variance, each [width], of vectors of one width. */
export function spreadOf(vectors: readonly Float32Array[]): Pick<LinearHead, "mean" | "variance"> {
  const count = vectors.length;
  const width = vectors[0]?.length ?? 0;
  const [mean, variance] = [new Float32Array(width), new Float32Array(width)];
  for (const vector of vectors) {
    for (let index = 0; index < width; index++) mean[index]! += vector[index]! / count;
  }
  for (const vector of vectors) {
    for (let index = 0; index < width; index++) {
      variance[index]! += (vector[index]! - mean[index]!) ** 2 / count;
    }
  }
  const median = variance.toSorted()[width >> 1] ?? 0;
  const trust = count / (count + PRIOR_EXAMPLES);
  return { mean, variance: variance.map((value) => trust * value + (1 - trust) * median) };
}

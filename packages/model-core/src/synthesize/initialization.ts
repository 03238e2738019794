// What the random weights are like. Chosen so that the features of an untrained encoder stay finite and moderate in
// every published size, still show the picture after the last layer, and depend on every single tensor: biases and
// layer scales are not zero and norms not one, so that code which forgets one gives other numbers.

import type { Distribution } from "./random-stream.ts";

/** The distribution of one tensor of the stand-alone naming, or of `mlp1.*`. `shape` is [outputs, inputs, …] for weights. */
export function initialDistribution(name: string, shape: readonly number[]): Distribution {
  if (name === "embeddings.class_embedding") return { mean: 0, deviation: 0.5 };
  // Far below the patch embedding, whose outputs have a deviation of about 1: the picture is what must show.
  if (name === "embeddings.position_embedding") return { mean: 0, deviation: 0.05 };
  // Each layer's two branches have a deviation of 0.5 to 0.7. A fifth of that takes photographs from a mean square of
  // 1.2 to 2.0 in 24 layers and to 2.7 in 48 (measured): every layer counts, and the input is not drowned.
  if (/\.ls[12]$/.test(name)) return { mean: 0.2, deviation: 0.04 };
  if (/norm\d?\.weight$/.test(name) || name === "mlp1.0.weight")
    return { mean: 1, deviation: 0.05 };
  if (name.endsWith(".bias")) return { mean: 0, deviation: 0.05 };
  // Keeps the deviation of what goes through, whatever the width.
  const inputs = shape.slice(1).reduce((product, size) => product * size, 1);
  return { mean: 0, deviation: 1 / Math.sqrt(inputs) };
}

// Which fused forms the encoder graph uses. The plain graph (no fusion) is the reference that every fused one is
// checked against; a runtime picks the set that pays on its execution provider (benchmarks/README.md has the lines).

/**
 * A fused form:
 * - `attention`: one `MultiHeadAttention` instead of a matrix of scores in memory;
 * - `rms-norm`: an RMS norm in one pass instead of six operators;
 * - `skip-norm`: residual sum and following norm in one pass;
 * - `bias-gelu`: bias and GELU in one pass;
 * - `layer-scale`: layer scales multiplied into the weights before them, once, when the session loads;
 * - `transposed-weights`: weights used as they are stored, [out, in], instead of transposed copies.
 */
export type Fusion =
  | "attention"
  | "rms-norm"
  | "skip-norm"
  | "bias-gelu"
  | "layer-scale"
  | "transposed-weights";

/** Every fusion. */
export const ALL_FUSIONS: readonly Fusion[] = [
  "attention",
  "rms-norm",
  "skip-norm",
  "bias-gelu",
  "layer-scale",
  "transposed-weights",
];

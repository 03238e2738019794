// A linear head over the encoder, as the published linear probe (recipes of OpenGVLab/InternVL,
// classification/models/intern_vit_6b.py): class token and mean of the patches side by side, each number standardised by
// what the examples have (its batch norm with running statistics), a linear layer, softmax. Applying one is a few
// thousand products a picture, so the page does it itself.

/** As in the published probe's batch norm. */
const NORM_EPSILON = 1e-6;

/** A head. */
export interface LinearHead {
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** Of every number of a feature vector, among the examples, [width]. */
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  /** [classes, width], of standardised numbers. */
  readonly weight: Float32Array;
  /** [classes]. */
  readonly bias: Float32Array;
}

/** What a head is applied to: `[class token, mean of the patches]`, twice the encoder's width. */
export function featureVector(features: {
  readonly classToken: Float32Array;
  readonly patchMean: Float32Array;
}): Float32Array {
  const { classToken, patchMean } = features;
  const vector = new Float32Array(classToken.length + patchMean.length);
  vector.set(classToken);
  vector.set(patchMean, classToken.length);
  return vector;
}

/** A feature vector in units of the examples' spread. */
export function standardize(
  vector: Float32Array,
  { mean, variance }: Pick<LinearHead, "mean" | "variance">,
): Float32Array {
  return vector.map(
    (value, index) => (value - mean[index]!) / Math.sqrt(variance[index]! + NORM_EPSILON),
  );
}

/** What a head says of a picture. */
export interface Verdict {
  /** The probability of each class, in the order of the head's. */
  readonly chances: readonly number[];
  /** Index of the likeliest class. */
  readonly best: number;
  /**
   * How far the picture is from the middle of the examples, in units of their spread: about 1 for a picture like them. Far
   * away a linear head is sure of itself without a reason.
   */
  readonly distance: number;
}

/**
 * Applies a head to a feature vector.
 *
 * @throws RangeError for a vector of another width than the head's
 */
export function classify(head: LinearHead, vector: Float32Array): Verdict {
  const width = head.mean.length;
  if (vector.length !== width) {
    throw new RangeError(`the head takes ${width} numbers a picture, got ${vector.length}`);
  }
  const standard = standardize(vector, head);
  const logits = Array.from(
    head.bias,
    (bias, row) => dot(head.weight.subarray(row * width, (row + 1) * width), standard) + bias,
  );
  const chances = softmax(logits);
  return {
    chances,
    best: chances.indexOf(Math.max(...chances)),
    distance: Math.sqrt(dot(standard, standard) / width),
  };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}

/** With the largest power 1, so that none overflows. */
function softmax(logits: readonly number[]): readonly number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

// Softmax cross-entropy as torch.nn.functional.cross_entropy computes it: with labels, smoothed labels, or whole
// distributions as targets; for rows, maps and sequences. A label that is no class counts as ignored: its one-hot row is
// all zeros.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { add, formatShape, mul, reshape, sub } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import { neg, scale } from "../ops/elementwise.ts";
import { oneHot } from "../ops/one-hot.ts";
import { reduceSum, shiftedLogits } from "../ops/reduction.ts";
import { countOf, sizeOf, sizesOf } from "../sizes.ts";
import { quotient, total } from "./average.ts";

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions {
  /** Integers in the shape of the logits without the classes. */
  readonly labels: Value;
  /** The classes' axis of the logits. Default: 1. */
  readonly axis?: number;
  /** The part of each target that is spread evenly over all classes, in [0, 1). Default: 0. */
  readonly smoothing?: number;
  /**
   * What the sum is divided by: the labels that are classes (`"kept"`, PyTorch's mean; 0 when there is none), or all of
   * them (`"all"`, mmseg's default). Default: `"kept"`.
   */
  readonly average?: "kept" | "all";
}

/**
 * The mean of −log softmax(logits) at the labels, [1].
 *
 * @throws TrainError `mismatch` for labels of another shape, `invalid-argument` for a smoothing outside [0, 1)
 */
export function crossEntropy(
  graph: GraphBuilder,
  logits: Value,
  options: CrossEntropyOptions,
): Value {
  const { labels, axis = 1, smoothing = 0, average = "kept" } = options;
  requireShape(labels, sizesOf(logits).toSpliced(axis, 1), logits);
  if (!(smoothing >= 0 && smoothing < 1)) {
    throw new TrainError(
      "invalid-argument",
      `smoothing: expected a number in [0, 1), got ${smoothing}`,
    );
  }
  const classes = sizeOf(logits, axis);
  const hot = oneHot(graph, labels, { classes, axis, like: logits });
  const kept = reduceSum(graph, hot, { axes: [axis] });
  const targets =
    smoothing === 0
      ? hot
      : add(graph, scale(graph, hot, 1 - smoothing), scale(graph, kept, smoothing / classes));
  const sum = neg(graph, total(graph, logLikelihoods(graph, logits, { targets, kept, axis })));
  return average === "kept"
    ? quotient(graph, sum, total(graph, kept))
    : scale(graph, sum, 1 / countOf(sizesOf(labels)));
}

/**
 * The mean of −Σ targets · log softmax(logits) over everything but the classes, [1]: the loss under mixup, and of a
 * student that learns a teacher's distribution.
 *
 * @throws TrainError `mismatch` for targets of another shape than the logits
 */
export function softCrossEntropy(
  graph: GraphBuilder,
  logits: Value,
  options: {
    /** In the shape of the logits. */
    readonly targets: Value;
    /** Default: 1. */
    readonly axis?: number;
  },
): Value {
  const { targets, axis = 1 } = options;
  requireShape(targets, sizesOf(logits), logits);
  const sum = total(graph, logLikelihoods(graph, logits, { targets, axis }));
  return scale(graph, sum, -sizeOf(logits, axis) / countOf(sizesOf(logits)));
}

/**
 * Σ targets · log softmax(logits) along the classes; `kept` is Σ targets, with an axis of size 1. The logarithm of
 * softmax is not written out: per row its part that all classes share is taken once, which saves the passes over all
 * logits, backwards more than forwards.
 */
export function logLikelihoods(
  graph: GraphBuilder,
  logits: Value,
  options: { readonly targets: Value; readonly kept?: Value; readonly axis: number },
): Value {
  const { targets, axis } = options;
  const { kept = reduceSum(graph, targets, { axes: [axis] }) } = options;
  const { shifted, logTotal } = shiftedLogits(graph, logits, { axis });
  const chosen = reduceSum(graph, mul(graph, shifted, targets), { axes: [axis] });
  const likelihoods = sub(graph, chosen, mul(graph, logTotal, kept));
  return reshape(graph, likelihoods, sizesOf(logits).toSpliced(axis, 1));
}

/** Throws where a value that belongs to the logits has another shape than they ask for. */
export function requireShape(value: Value, shape: readonly number[], logits: Value): void {
  if (formatShape(value.shape) === formatShape(shape)) return;
  throw new TrainError(
    "mismatch",
    `${value.name}: logits ${formatShape(logits.shape)} need ${formatShape(shape)}, got ${formatShape(value.shape)}`,
    { subject: value.name },
  );
}

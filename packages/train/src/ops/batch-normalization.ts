// Batch norm over all axes but the second, as torch.nn.BatchNorm1d and 2d: normalised by the batch's biased variance in
// training, while the running variance collects the unbiased one. Written out, because ONNX's operator has no training
// mode in inference runtimes.

import type { GraphBuilder, Value } from "@internvit/model-core";
import { add, div, mul, reshape, sqrt, sub } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import { scalar } from "../floats.ts";
import { countOf, sizesOf } from "../sizes.ts";
import { stopGradient } from "../stop-gradient.ts";
import { scale } from "./elementwise.ts";
import { reduceMean } from "./reduction.ts";

/** What batch norm multiplies, adds and remembers, each [channels]; no weight and bias: not affine. */
export interface BatchNormalizationState {
  readonly weight?: Value | undefined;
  readonly bias?: Value | undefined;
  readonly runningMean: Value;
  readonly runningVariance: Value;
}

/** `[n, channels, …]` normalised by its own mean and variance, and the running ones after this batch. */
export function batchNormalization(
  graph: GraphBuilder,
  value: Value,
  options: BatchNormalizationState & { readonly epsilon: number; readonly momentum: number },
): { readonly normalized: Value; readonly runningMean: Value; readonly runningVariance: Value } {
  const { momentum, bias } = options;
  const sizes = sizesOf(value);
  const channels = sizes[1] ?? 0;
  const count = countOf(sizes) / channels;
  if (!(count > 1)) {
    throw new TrainError(
      "mismatch",
      `batch norm in training needs more than one value per channel, got [${sizes.join(", ")}]`,
    );
  }
  const axes = sizes.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const mean = reduceMean(graph, value, { axes });
  // The mean's gradient goes to the bias's summand, by a term that is 0: there it is the sum that the bias needs anyway,
  // instead of one over all gradients of centred values. The variance has no part in it, since these sum to 0.
  const still = bias === undefined ? mean : stopGradient(graph, mean);
  const offset = bias && sub(graph, still, mean);
  const centered = sub(graph, value, still);
  const variance = reduceMean(graph, mul(graph, centered, centered), { axes });
  const running = (old: Value, now: Value, factor: number): Value =>
    add(
      graph,
      scale(graph, old, 1 - momentum),
      scale(graph, stopGradient(graph, reshape(graph, now, [channels])), momentum * factor),
    );
  return {
    normalized: scaled(graph, centered, { ...options, variance, offset }),
    runningMean: running(options.runningMean, mean, 1),
    runningVariance: running(options.runningVariance, variance, count / (count - 1)),
  };
}

/** `[n, channels, …]` normalised by the running mean and variance. */
export function batchNormalizationByRunning(
  graph: GraphBuilder,
  value: Value,
  options: BatchNormalizationState & { readonly epsilon: number },
): Value {
  const { runningMean, runningVariance } = options;
  const centered = sub(graph, value, alongChannels(graph, runningMean, value));
  const variance = alongChannels(graph, runningVariance, value);
  return scaled(graph, centered, { ...options, variance });
}

/**
 * Divided by the deviation, times weight, plus bias. All factors of a channel are one before they meet its elements, and
 * so are its summands; an offset of the centred values becomes one of these.
 */
function scaled(
  graph: GraphBuilder,
  centered: Value,
  options: Pick<BatchNormalizationState, "weight" | "bias"> & {
    readonly variance: Value;
    readonly epsilon: number;
    readonly offset?: Value | undefined;
  },
): Value {
  const { variance, epsilon, weight, bias, offset } = options;
  const deviation = sqrt(graph, add(graph, variance, scalar(graph, variance, epsilon)));
  const gain =
    weight === undefined ? scalar(graph, variance, 1) : alongChannels(graph, weight, centered);
  const factor = div(graph, gain, deviation);
  const product = mul(graph, centered, factor);
  if (bias === undefined) return product;
  const own = alongChannels(graph, bias, product);
  const summand = offset === undefined ? own : add(graph, own, mul(graph, offset, factor));
  return add(graph, product, summand);
}

/** A vector [channels] so that it broadcasts along the second axis of `like`. */
function alongChannels(graph: GraphBuilder, vector: Value, like: Value): Value {
  return reshape(graph, vector, [...vector.shape, ...like.shape.slice(2).map(() => 1)]);
}

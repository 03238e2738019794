// Trains a linear head on a few pictures: logistic regression with weight decay, all examples in every step, by Nesterov
// SGD in an ordinary training session. The loss is convex and the weights begin at zero, so nothing is drawn: the same
// examples give the same head.
//
// How well it knows the classes is checked in the same training: beside the head that sees all examples there are up to
// ten that each see all but a part (leave-one-out, for ten examples or fewer). They stand in one matrix; an example that
// a head must not see has a label that counts as ignored.

import type { GraphRuntime, Tensor } from "@internvit/model-core";
import { reshape } from "@internvit/model-core/onnx";
import {
  constantSchedule,
  createTrainingSession,
  crossEntropy,
  gemm,
  scale,
  sgd,
} from "@internvit/train";

import { spreadOf } from "./feature-spread.ts";
import { classify, type LinearHead, standardize } from "./linear-head.ts";

/** Updates; what is left of the loss's slope after them is seen by nobody. */
const STEPS = 120;

/** Most heads beside the one that is wanted. */
const MOST_FOLDS = 10;

/**
 * Weight decay, divided by the number of examples: what every example weighs against weights that begin at zero. With two
 * clearly different pictures a class it leaves a confidence in them of about 80 %.
 */
const DECAY = 0.3;

/** A label that is not to be learnt. */
const IGNORED = -1;

/** A picture that is to be learnt. */
export interface Example {
  readonly vector: Float32Array;
  /** Index of its class. */
  readonly label: number;
}

/** How far a training is. */
export interface TrainProgress {
  readonly step: number;
  readonly steps: number;
  /** Mean over the examples, of all heads. */
  readonly loss: number;
}

/** A head and what is known of it. */
export interface TrainedHead {
  readonly head: LinearHead;
  /** At the beginning and at the end. */
  readonly losses: readonly [number, number];
  /**
   * Whether each example is told rightly by a head that has not seen it; undefined for one that is alone in its class,
   * which nobody can know without having seen it.
   */
  readonly leftOut: readonly (boolean | undefined)[];
}

/** Options of `trainHead`. */
export interface TrainHeadOptions {
  readonly runtime: GraphRuntime;
  readonly classes: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TrainProgress) => void;
}

/**
 * Trains.
 *
 * @throws RangeError when a class has no example; RuntimeError and TrainError as a training session; the signal's reason
 */
export async function trainHead(
  examples: readonly Example[],
  { runtime, classes, signal, onProgress }: TrainHeadOptions,
): Promise<TrainedHead> {
  const empty = classes.find((_, label) => examples.every((example) => example.label !== label));
  if (empty !== undefined || classes.length < 2) {
    throw new RangeError(`expected examples of two classes or more; ${empty ?? "one"} has none`);
  }
  const spread = spreadOf(examples.map(({ vector }) => vector));
  const width = spread.mean.length;
  // A vector of length about 1, whatever the width, so that rate and decay need not know it.
  const unit = 1 / Math.sqrt(width);
  const rows = examples.map(({ vector }) => standardize(vector, spread).map((x) => x * unit));
  const folds = foldsOf(examples);
  const heads = 1 + Math.max(...folds) + 1;
  const [count, columns] = [examples.length, heads * classes.length];

  await using session = await createTrainingSession(runtime, {
    signal,
    model: {
      inputs: { features: { dtype: "float32", shape: [count, width] } },
      parameters: { weight: zeros([columns, width]), bias: zeros([columns]) },
      build: (graph, { input, parameter }) => ({
        outputs: {
          logits: gemm(graph, input("features"), parameter("weight"), {
            transposeRight: true,
            bias: parameter("bias"),
          }),
        },
      }),
    },
    loss: {
      inputs: {
        labels: {
          dtype: "int64",
          shape: [count * heads],
          labels: { classes: classes.length, ignore: IGNORED },
        },
      },
      build(graph, { input, output }) {
        const logits = reshape(graph, output("logits"), [count * heads, classes.length]);
        const mean = crossEntropy(graph, logits, { labels: input("labels"), average: "all" });
        // The sum over heads, so that none learns more slowly because there are others.
        return scale(graph, mean, heads);
      },
    },
    optimizer: sgd({ momentum: 0.9, nesterov: true }),
    // Vectors have a length of about 1: the loss is at most so curved that this rate is safe.
    schedule: constantSchedule(1),
    group: (name) => ({ weightDecay: name === "weight" ? DECAY / count : 0 }),
  });
  const batch = {
    features: matrix(rows),
    labels: labelsOf(examples, { folds, heads }),
  };
  const losses: number[] = [];
  while (session.updates < STEPS) {
    const { loss } = await session.step(batch, { signal });
    // Every example is left out of one head.
    losses.push(loss / (heads - 1));
    onProgress({ step: session.updates, steps: STEPS, loss: losses.at(-1)! });
  }
  const { weight, bias } = (await session.weights()) as Record<string, Tensor<"float32">>;
  const headAt = (index: number): LinearHead => {
    const [begin, end] = [index * classes.length, (index + 1) * classes.length];
    return {
      classes,
      ...spread,
      weight: weight!.data.slice(begin * width, end * width).map((value) => value * unit),
      bias: bias!.data.slice(begin, end),
    };
  };
  return {
    head: headAt(0),
    losses: [losses[0]!, losses.at(-1)!],
    leftOut: examples.map(({ vector, label }, row) => {
      if (examples.filter((other) => other.label === label).length < 2) return undefined;
      return classify(headAt(1 + folds[row]!), vector).best === label;
    }),
  };
}

/** The part that each example is in: each class is spread over all parts as evenly as it can be. */
function foldsOf(examples: readonly Example[]): readonly number[] {
  const parts = Math.min(examples.length, MOST_FOLDS);
  const folds: number[] = Array.from(examples, () => 0);
  const byClass = [...examples.keys()].sort((a, b) => examples[a]!.label - examples[b]!.label);
  for (const [place, row] of byClass.entries()) folds[row] = place % parts;
  return folds;
}

/** Row by row, the labels of all heads: the first sees everything, head `1 + fold` all but that part. */
function labelsOf(
  examples: readonly Example[],
  { folds, heads }: { readonly folds: readonly number[]; readonly heads: number },
): Tensor<"int64"> {
  const data = new BigInt64Array(examples.length * heads);
  for (const [row, { label }] of examples.entries()) {
    data.fill(BigInt(label), row * heads, (row + 1) * heads);
    data[row * heads + 1 + folds[row]!] = BigInt(IGNORED);
  }
  return { dtype: "int64", shape: [data.length], data };
}

function zeros(shape: readonly number[]): Tensor<"float32"> {
  const data = new Float32Array(shape.reduce((a, b) => a * b));
  return { dtype: "float32", shape, data };
}

function matrix(rows: readonly Float32Array[]): Tensor<"float32"> {
  const width = rows[0]!.length;
  const data = new Float32Array(rows.length * width);
  for (const [row, values] of rows.entries()) data.set(values, row * width);
  return { dtype: "float32", shape: [rows.length, width], data };
}

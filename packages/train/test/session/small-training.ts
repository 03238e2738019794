// A small classifier and its data: features drawn from a seed, the label is the largest of the first three.

import { createRandom, type Tensor } from "@internvit/model-core";

import {
  adamW,
  batchNormalization,
  batchNormalizationByRunning,
  batchOrder,
  crossEntropy,
  gemm,
  relu,
  type Tensors,
  type TrainingOptions,
} from "../../src/index.ts";
import { vector } from "./square-model.ts";

/** Size of the data, of its features, of its labels and of a batch. */
export const [ROWS, WIDTH, CLASSES, BATCH] = [48, 6, 3, 8];
const { features, labels } = drawnData();

function drawnData(): { readonly features: Float32Array; readonly labels: BigInt64Array } {
  const random = createRandom(7);
  const drawn = Float32Array.from({ length: ROWS * WIDTH }, () => random.uniform() * 2 - 1);
  const classes = Array.from({ length: ROWS }, (_, row) => {
    const scores = drawn.subarray(row * WIDTH, row * WIDTH + CLASSES);
    return BigInt(scores.indexOf(Math.max(...scores)));
  });
  return { features: drawn, labels: BigInt64Array.from(classes) };
}

/** The rows of the data as a batch. */
export function batchOf(rows: Iterable<number>): Tensors {
  const picked = [...rows];
  const x = picked.flatMap((row) => [...features.subarray(row * WIDTH, (row + 1) * WIDTH)]);
  return {
    x: { dtype: "float32", shape: [picked.length, WIDTH], data: Float32Array.from(x) },
    labels: {
      dtype: "int64",
      shape: [picked.length],
      data: BigInt64Array.from(picked, (row) => labels[row]!),
    },
  };
}

/** A matrix of small random numbers. */
export function matrix(rows: number, columns: number, seed: number): Tensor {
  const random = createRandom(seed);
  const data = Float32Array.from({ length: rows * columns }, () => random.uniform() - 0.5);
  return { dtype: "float32", shape: [rows, columns], data };
}

/** Linear, batch norm, ReLU, linear. */
export function training(options: Partial<TrainingOptions> = {}, hidden = 5): TrainingOptions {
  return {
    model: {
      inputs: { x: { dtype: "float32", shape: [BATCH, WIDTH] } },
      parameters: {
        "first.weight": matrix(hidden, WIDTH, 1),
        "last.weight": matrix(CLASSES, hidden, 2),
        "last.bias": vector(0, 0, 0),
      },
      buffers: {
        mean: { dtype: "float32", shape: [hidden], data: new Float32Array(hidden) },
        variance: { dtype: "float32", shape: [hidden], data: new Float32Array(hidden).fill(1) },
      },
      build(graph, { mode, input, parameter, buffer }) {
        const first = gemm(graph, input("x"), parameter("first.weight"), { transposeRight: true });
        const state = {
          runningMean: buffer("mean"),
          runningVariance: buffer("variance"),
          epsilon: 1e-5,
        };
        const norm =
          mode === "training"
            ? batchNormalization(graph, first, { ...state, momentum: 0.1 })
            : { normalized: batchNormalizationByRunning(graph, first, state), ...state };
        const logits = gemm(graph, relu(graph, norm.normalized), parameter("last.weight"), {
          transposeRight: true,
          bias: parameter("last.bias"),
        });
        const buffers = { mean: norm.runningMean, variance: norm.runningVariance };
        return { outputs: { logits }, buffers };
      },
    },
    loss: {
      inputs: { labels: { dtype: "int64", shape: [BATCH], labels: { classes: CLASSES } } },
      build: (graph, { input, output }) =>
        crossEntropy(graph, output("logits"), { labels: input("labels") }),
    },
    optimizer: adamW(),
    schedule: (step) => 0.01 * (1 + step / 10),
    averageDecay: 0.9,
    maxGradNorm: 0.5,
    seed: 3,
    ...options,
  };
}

const order = batchOrder({ rows: ROWS, batch: BATCH, seed: 3 });
/** The batch of an update. */
export const batchAt = (step: number): Tensors => batchOf(order(step));

// The smallest training: parameters that are drawn to a target, loss Σ (parameter − target)² / 2, so that gradients are
// parameter − target.

import type { Tensor } from "@internvit/model-core";
import { mul, sub } from "@internvit/model-core/onnx";

import { constantSchedule, reduceSum, scale, sgd, type TrainingOptions } from "../../src/index.ts";

/** A float32 vector. */
export function vector(...values: readonly number[]): Tensor<"float32"> {
  return { dtype: "float32", shape: [values.length], data: Float32Array.from(values) };
}

/** Options of a training of `point`, three numbers, by batches of a `target`. */
export function squareTraining(options: Partial<TrainingOptions> = {}): TrainingOptions {
  return {
    model: {
      inputs: {},
      parameters: { point: vector(1, -2, 0.5) },
      build: (_graph, { parameter }) => ({ outputs: { point: parameter("point") } }),
    },
    loss: {
      inputs: { target: { dtype: "float32", shape: [3] } },
      build(graph, { input, output }) {
        const gap = sub(graph, output("point"), input("target"));
        // Halved before the product, so that gradients overflow before the loss does.
        return reduceSum(graph, mul(graph, scale(graph, gap, 0.5), gap), { axes: [0] });
      },
    },
    optimizer: sgd(),
    schedule: constantSchedule(0.1),
    ...options,
  };
}

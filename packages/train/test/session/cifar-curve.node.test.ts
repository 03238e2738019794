// Fifty updates of a head of two layers on features of real pictures against PyTorch's, of which losses and gradient
// norms are stored. Order and first weights are drawn by a rule that both have.

import { readFileSync } from "node:fs";

import type { Tensor, Value } from "@internvit/model-core";
import { gelu } from "@internvit/model-core/onnx";
import { createNodeRuntime } from "@internvit/runtime-node";
import { dataDirectory, fixturePath } from "@internvit/test-kit";
import { expect, test } from "vitest";

import {
  adamW,
  cosineSchedule,
  createTrainingSession,
  crossEntropy,
  gemm,
  type Tensors,
} from "../../src/index.ts";
import { cifarFeatures, type PictureFeatures } from "./cifar-features.ts";

const [STEPS, BATCH, HIDDEN, CLASSES, PER_CLASS] = [50, 100, 64, 10, 60];
const ROWS = CLASSES * PER_CLASS;

const directory = dataDirectory("cifar10");
const skipped =
  directory === undefined ? " (skipped: INTERNVIT_DATA names no folder with cifar10)" : "";

test.skipIf(directory === undefined)(
  `a head on features of CIFAR-10 learns along PyTorch's curve within 1e-4${skipped}`,
  async () => {
    const expected = JSON.parse(
      readFileSync(fixturePath("train", "cifar10-curve.json"), "utf8"),
    ) as { readonly loss: readonly number[]; readonly gradNorm: readonly number[] };
    const pictures = await cifarFeatures(directory!, { perClass: PER_CLASS });
    await using session = await createTrainingSession(createNodeRuntime(), {
      model: {
        inputs: { x: { dtype: "float32", shape: [BATCH, pictures.width] } },
        parameters: {
          "first.weight": drawn([HIDDEN, pictures.width], { seed: 0, spread: 0.15 }),
          "first.bias": drawn([HIDDEN], { seed: 0, spread: 0 }),
          "last.weight": drawn([CLASSES, HIDDEN], { seed: 1_000_000, spread: 0.2 }),
          "last.bias": drawn([CLASSES], { seed: 0, spread: 0 }),
        },
        build(graph, { input, parameter }) {
          const linear = (value: Value, name: string): Value =>
            gemm(graph, value, parameter(`${name}.weight`), {
              transposeRight: true,
              bias: parameter(`${name}.bias`),
            });
          return { outputs: { logits: linear(gelu(graph, linear(input("x"), "first")), "last") } };
        },
      },
      loss: {
        inputs: { labels: { dtype: "int64", shape: [BATCH], labels: { classes: CLASSES } } },
        build: (graph, { input, output }) =>
          crossEntropy(graph, output("logits"), { labels: input("labels"), smoothing: 0.1 }),
      },
      optimizer: adamW(),
      schedule: cosineSchedule({ peak: 0.005, total: STEPS, warmup: 5 }),
      group: (_, shape) => ({ weightDecay: shape.length > 1 ? 0.05 : 0 }),
      maxGradNorm: 0.5,
    });
    let worst = 0;
    for (let step = 0; step < STEPS; step++) {
      const { loss, gradNorm } = await session.step(batchAt(step, pictures));
      const gaps = [loss / expected.loss[step]! - 1, gradNorm / expected.gradNorm[step]! - 1];
      worst = Math.max(worst, ...gaps.map(Math.abs));
    }
    expect(expected.loss.at(-1)).toBeLessThan(expected.loss[0]! * 0.9);
    expect(worst).toBeLessThan(1e-4);
  },
);

function batchAt(step: number, { features, labels, width }: PictureFeatures): Tensors {
  // A step of 211 goes through all classes and, without a common divisor with the rows, through all rows.
  const rows = Array.from({ length: BATCH }, (_, at) => ((step * BATCH + at) * 211) % ROWS);
  const x = rows.flatMap((row) => [...features.subarray(row * width, (row + 1) * width)]);
  const own = BigInt64Array.from(rows, (row) => BigInt(labels[row]!));
  return {
    x: { dtype: "float32", shape: [BATCH, width], data: Float32Array.from(x) },
    labels: { dtype: "int64", shape: [BATCH], data: own },
  };
}

/** Knuth's multiplicative hash of the place, as a fraction around 0. */
function drawn(
  shape: readonly number[],
  { seed, spread }: { readonly seed: number; readonly spread: number },
): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length }, (_, at) => {
    const hash = Math.imul(at + 1 + seed, 2_654_435_761) >>> 0;
    return (hash / 2 ** 32 - 0.5) * spread;
  });
  return { dtype: "float32", shape, data };
}

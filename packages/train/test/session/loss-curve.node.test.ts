// Fifty updates of a small network against PyTorch's: LayerNorm, linear, GELU, linear; smoothed labels, AdamW with weight
// decay on matrices, warm-up and cosine, clipping that engages.

import { readFileSync } from "node:fs";

import { type Tensor, type Value } from "@internvit/model-core";
import { gelu, layerNormalization } from "@internvit/model-core/onnx";
import { createNodeRuntime } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { float32Golden, parseGoldenTensors } from "@internvit/test-kit/portable";
import { expect, test } from "vitest";

import {
  adamW,
  cosineSchedule,
  createTrainingSession,
  crossEntropy,
  gemm,
  type Tensors,
} from "../../src/index.ts";

const PARAMETERS = [
  "norm.weight",
  "norm.bias",
  "first.weight",
  "first.bias",
  "last.weight",
  "last.bias",
] as const;

const tensors = parseGoldenTensors(readFileSync(fixturePath("train", "mlp-curve.safetensors")));
const integers = (name: string) => Array.from(tensors.get(name)!.data, Number);
const [rows, labels] = [integers("batch_rows"), integers("labels")];
const [STEPS = 0, BATCH = 0] = tensors.get("batch_rows")!.shape;
const { shape: size, data: features } = float32Golden(tensors, "x");
const [, WIDTH = 0] = size;

function batchAt(step: number): Tensors {
  const own = rows.slice(step * BATCH, (step + 1) * BATCH);
  const x = own.flatMap((row) => [...features.subarray(row * WIDTH, (row + 1) * WIDTH)]);
  const data = BigInt64Array.from(own, (row) => BigInt(labels[row]!));
  return {
    x: { dtype: "float32", shape: [BATCH, WIDTH], data: Float32Array.from(x) },
    labels: { dtype: "int64", shape: [BATCH], data },
  };
}

const initial = (name: string): Tensor => ({
  dtype: "float32",
  ...float32Golden(tensors, `init.${name}`),
});

test("the losses and gradient norms of fifty updates are PyTorch's within 1e-4", async () => {
  await using session = await createTrainingSession(createNodeRuntime(), {
    model: {
      inputs: { x: { dtype: "float32", shape: [BATCH, WIDTH] } },
      parameters: Object.fromEntries(PARAMETERS.map((name) => [name, initial(name)])),
      build(graph, { input, parameter }) {
        const linear = (value: Value, name: string): Value =>
          gemm(graph, value, parameter(`${name}.weight`), {
            transposeRight: true,
            bias: parameter(`${name}.bias`),
          });
        const normed = layerNormalization(graph, input("x"), {
          weight: parameter("norm.weight"),
          bias: parameter("norm.bias"),
          epsilon: 1e-6,
        });
        return { outputs: { logits: linear(gelu(graph, linear(normed, "first")), "last") } };
      },
    },
    loss: {
      inputs: { labels: { dtype: "int64", shape: [BATCH], labels: { classes: 10 } } },
      build: (graph, { input, output }) =>
        crossEntropy(graph, output("logits"), { labels: input("labels"), smoothing: 0.1 }),
    },
    optimizer: adamW(),
    schedule: cosineSchedule({ peak: 0.01, total: STEPS, warmup: 5 }),
    group: (_, shape) => ({ weightDecay: shape.length > 1 ? 0.05 : 0 }),
    maxGradNorm: 0.5,
  });
  const [losses, norms] = ["loss", "grad_norm"].map((name) => tensors.get(name)!.data);
  let worst = 0;
  for (let step = 0; step < STEPS; step++) {
    const { loss, gradNorm } = await session.step(batchAt(step));
    const gaps = [loss / Number(losses![step]) - 1, gradNorm / Number(norms![step]) - 1];
    worst = Math.max(worst, ...gaps.map(Math.abs));
  }
  expect(Number(losses!.at(-1))).toBeLessThan(Number(losses![0]) / 2);
  expect(worst).toBeLessThan(1e-4);
});

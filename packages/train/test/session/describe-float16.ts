// Training with products in float16, as a test suite for any runtime that has them.

import { createRandom, type GraphRuntime, type Tensor, type Value } from "@internvit/model-core";
import { gelu } from "@internvit/model-core/onnx";
import { describe, expect, test } from "vitest";

import {
  batchOrder,
  createTrainingSession,
  crossEntropy,
  float16Products,
  gemm,
  scale,
  sgd,
  type Tensors,
  type TrainingOptions,
  type TrainingSession,
} from "../../src/index.ts";

const [ROWS, WIDTH, HIDDEN, CLASSES, BATCH, STEPS] = [256, 64, 32, 8, 32, 40];
/** Relative; seen on the CPU: 1e-5. Float16 rounds to 5e-4, of which the mean of a batch keeps little. */
const CURVE_TOLERANCE = 1e-3;

const random = createRandom(11);
const drawn = (shape: readonly number[], spread: number): Tensor<"float32"> => ({
  dtype: "float32",
  shape,
  data: Float32Array.from(
    { length: shape.reduce((product, size) => product * size, 1) },
    () => (random.uniform() - 0.5) * spread,
  ),
});
const features = drawn([ROWS, WIDTH], 4);
const labels = Array.from({ length: ROWS }, (_, row) => {
  const scores = features.data.subarray(row * WIDTH, row * WIDTH + CLASSES);
  return BigInt(scores.indexOf(Math.max(...scores)));
});
const order = batchOrder({ rows: ROWS, batch: BATCH, seed: 1 });
const LINEAR = { weight: drawn([CLASSES, WIDTH], 0.1), bias: drawn([CLASSES], 0) };
const DEEP = {
  first: drawn([HIDDEN, WIDTH], 0.3),
  weight: drawn([CLASSES, HIDDEN], 0.3),
  bias: drawn([CLASSES], 0),
};

function batchAt(step: number): Tensors {
  const rows = [...order(step)];
  const x = rows.flatMap((row) => [...features.data.subarray(row * WIDTH, (row + 1) * WIDTH)]);
  return {
    x: { dtype: "float32", shape: [BATCH, WIDTH], data: Float32Array.from(x) },
    labels: {
      dtype: "int64",
      shape: [BATCH],
      data: BigInt64Array.from(rows, (row) => labels[row]!),
    },
  };
}

/** A linear probe, or a head of two layers where there is a first. */
function probe(parameters: Tensors, options: Partial<TrainingOptions> = {}): TrainingOptions {
  return {
    model: {
      inputs: { x: { dtype: "float32", shape: [BATCH, WIDTH] } },
      parameters,
      build(graph, { input, parameter }) {
        const hidden = parameters["first"]
          ? gelu(graph, gemm(graph, input("x"), parameter("first"), { transposeRight: true }))
          : input("x");
        const bias = parameter("bias");
        const logits = gemm(graph, hidden, parameter("weight"), { transposeRight: true, bias });
        return { outputs: { logits } };
      },
    },
    loss: {
      inputs: { labels: { dtype: "int64", shape: [BATCH], labels: { classes: CLASSES } } },
      build: (graph, { input, output }) =>
        crossEntropy(graph, output("logits"), { labels: input("labels") }),
    },
    optimizer: sgd({ momentum: 0.9, nesterov: true }),
    schedule: () => 0.05,
    maxGradNorm: 1,
    ...options,
  };
}

const HALF = { rewrites: [float16Products], lossScale: { initial: 1024 } } as const;

async function lossesOf(session: TrainingSession): Promise<readonly number[]> {
  const losses: number[] = [];
  while (session.updates < STEPS) {
    const { loss, skipped } = await session.step(batchAt(session.updates));
    if (!skipped) losses.push(loss);
  }
  return losses;
}

/** One test per property. */
export function describeFloat16(label: string, createRuntime: () => GraphRuntime): void {
  const start = (options: TrainingOptions) => createTrainingSession(createRuntime(), options);
  describe(`training with products in float16: ${label}`, () => {
    test.each([
      ["a linear probe", LINEAR],
      ["a head of two layers", DEEP],
    ])("%s follows the float32 losses within 1e-3", async (_, parameters) => {
      await using exact = await start(probe(parameters));
      await using half = await start(probe(parameters, HALF));
      const [expected, found] = [await lossesOf(exact), await lossesOf(half)];
      const gaps = found.map((loss, step) => Math.abs(loss / expected[step]! - 1));
      expect(Math.max(...gaps)).toBeLessThan(CURVE_TOLERANCE);
      expect(Math.max(...gaps)).toBeGreaterThan(0);
      expect(found.at(-1)).toBeLessThan(found[0]! / 2);
      for (const { dtype } of Object.values(await half.state())) expect(dtype).toBe("float32");
      const { outputs, loss } = await half.evaluate(batchAt(0));
      expect(outputs["logits"]!.dtype).toBe("float32");
      expect(loss).toBeGreaterThan(0);
    });

    test("a scale that overflows float16 is halved, with nothing changed, until it fits, and grows again", async () => {
      const lossScale = { initial: 2 ** 24, interval: 3 };
      await using session = await start(probe(LINEAR, { ...HALF, lossScale }));
      const before = await session.state();
      let skipped = 0;
      while ((await session.step(batchAt(0))).skipped) {
        skipped++;
        expect(session.updates).toBe(0);
        expect(await session.state()).toEqual(before);
      }
      expect(skipped).toBeGreaterThan(3);
      expect(await scaleOf(session)).toBe(2 ** (24 - skipped));
      for (let step = 1; step < 3; step++) {
        expect(await session.step(batchAt(0))).toMatchObject({ step, skipped: false });
      }
      expect(await scaleOf(session)).toBe(2 ** (25 - skipped));
    });

    test("without a loss scale an overflow stops the step, with the first bad tensor's name", async () => {
      const { rewrites } = HALF;
      const { loss, ...options } = probe(LINEAR, { rewrites });
      await using session = await start({
        ...options,
        loss: {
          ...loss,
          build: (graph, call) => scale(graph, loss.build(graph, call) as Value, 2 ** 24),
        },
      });
      const before = await session.state();
      await expect(session.step(batchAt(0))).rejects.toMatchObject({
        code: "not-finite",
        subject: expect.stringMatching(/^gradient\//) as string,
      });
      expect(await session.state()).toEqual(before);
    });
  });
}

/** As the checkpoint has it. */
async function scaleOf(session: TrainingSession): Promise<number> {
  const text = new TextDecoder("latin1").decode(await session.saveCheckpoint());
  return Number(/\\"lossScale\\":\{\\"scale\\":([0-9.e+]+)/.exec(text)![1]);
}

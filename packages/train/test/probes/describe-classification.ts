// The golden trainings of classification probes as a test suite for any runtime: every number that the manifest expects.

import type { GraphRuntime, Tensor } from "@internvit/model-core";
import { float32Golden, type GoldenTensor } from "@internvit/test-kit/portable";
import { beforeAll, describe, expect, test } from "vitest";

import {
  cosineSchedule,
  createTrainingSession,
  crossEntropy,
  type GraphRewrite,
  oneUpdateBehind,
  sgd,
  softCrossEntropy,
  type TrainingLoss,
} from "../../src/index.ts";
import { goldenGap, toleranceOf, type TrainingManifest } from "./golden-comparison.ts";
import { classificationHead } from "./probe-models.ts";

/** The goldens' manifest, as far as it is needed. */
export interface ClassificationManifest extends TrainingManifest {
  readonly target: string;
  readonly width: number;
  readonly heads: number;
  readonly tokens: number;
  readonly classes: number;
  readonly batch: number;
  readonly steps: number;
  readonly train_rows: number;
  readonly held_rows: number;
  readonly optimiser: { readonly momentum: number; readonly nesterov: boolean };
  readonly clip_grad_norm: number;
  readonly schedule: {
    readonly peak_lr: number;
    readonly total_updates: number;
    readonly warmup_updates: number;
    readonly min_lr: number;
  };
  readonly ema_decay: number;
  readonly loss: string;
  readonly lam: readonly number[];
  readonly held_correct_top1_top5: Readonly<Record<string, readonly [number, number]>>;
}

/** The files of one training. */
export interface ClassificationGoldens {
  readonly manifest: ClassificationManifest;
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
  /** Default: the session's. */
  readonly rewrites?: readonly GraphRewrite[];
}

/** One test per golden tensor. */
export function describeClassification(
  label: string,
  createRuntime: () => GraphRuntime,
  goldens: ClassificationGoldens,
): void {
  const { manifest } = goldens;
  describe(`golden training: ${label}`, () => {
    let computed: ReadonlyMap<string, ArrayLike<number | bigint>>;
    beforeAll(async () => {
      computed = await train(createRuntime(), goldens);
    }, 240_000);
    const expected = Object.entries(manifest.tensors).filter(([, { role }]) => role === "expected");
    test.each(expected.map(([name]) => name))("%s", (name) => {
      expect(goldenGap(name, computed.get(name) ?? [], goldens)).toBeLessThanOrEqual(
        toleranceOf(name, goldens),
      );
    });
    test.each(Object.keys(manifest.held_correct_top1_top5))("hits of held.%s", (name) => {
      const labels = (goldens.tensors.get("labels")!.data as BigInt64Array).slice(
        manifest.train_rows,
      );
      const { classes } = manifest;
      const logits = computed.get(`held.${name}`)! as Float32Array;
      const ranks = Array.from(labels, (own, row) => {
        const scores = logits.subarray(row * classes, (row + 1) * classes);
        return scores.filter((score) => score > scores[Number(own)]!).length;
      });
      const hits = [1, 5].map((most) => ranks.filter((rank) => rank < most).length);
      expect(hits).toEqual(manifest.held_correct_top1_top5[name]);
    });
  });
}

/** Everything that the manifest expects, by its golden name. */
async function train(
  runtime: GraphRuntime,
  { manifest, tensors, rewrites }: ClassificationGoldens,
): Promise<ReadonlyMap<string, ArrayLike<number | bigint>>> {
  const { batch, steps, classes, schedule } = manifest;
  const soft = manifest.loss.startsWith("soft");
  const trained = Object.keys(manifest.tensors).flatMap((name) =>
    name.startsWith("step0.grad.") ? [name.slice("step0.grad.".length)] : [],
  );
  const initial = (name: string): readonly [string, Tensor] => [
    name,
    { dtype: "float32", ...float32Golden(tensors, `init.${name}`) },
  ];
  const parameters = Object.fromEntries(trained.map((name) => initial(name)));
  const buffers = Object.fromEntries(
    ["norm.running_mean", "norm.running_var"].map((name) => initial(name)),
  );
  const softLoss: TrainingLoss = {
    inputs: { target: { dtype: "float32", shape: [batch, classes] } },
    build: (graph, { input, output }) =>
      softCrossEntropy(graph, output("logits"), { targets: input("target") }),
  };
  const hardLoss: TrainingLoss = {
    inputs: { labels: { dtype: "int64", shape: [batch], labels: { classes } } },
    build: (graph, { input, output }) =>
      crossEntropy(graph, output("logits"), { labels: input("labels") }),
  };
  await using session = await createTrainingSession(runtime, {
    model: {
      inputs: { tokens: { dtype: "float32", shape: [batch, manifest.tokens, manifest.width] } },
      parameters,
      buffers,
      build: (graph, call) => classificationHead(graph, call, manifest),
    },
    loss: soft ? softLoss : hardLoss,
    optimizer: sgd({
      momentum: manifest.optimiser.momentum,
      nesterov: manifest.optimiser.nesterov,
    }),
    schedule: oneUpdateBehind(
      cosineSchedule({
        peak: schedule.peak_lr,
        total: schedule.total_updates,
        warmup: schedule.warmup_updates,
        minimum: schedule.min_lr,
      }),
    ),
    maxGradNorm: manifest.clip_grad_norm,
    averageDecay: manifest.ema_decay,
    ...(rewrites && { rewrites }),
    watch: ["logits", ...trained.map((name) => `gradient/${name}`)],
  });

  const computed = new Map<string, ArrayLike<number | bigint>>();
  const curves = { loss: [], grad_norm: [], lr: [] } as Record<
    "loss" | "grad_norm" | "lr",
    number[]
  >;
  const order = tensors.get("batch_rows")!.data as BigInt64Array;
  const labels = tensors.get("labels")!.data as BigInt64Array;
  for (let step = 0; step < steps; step++) {
    const rows = Array.from(order.subarray(step * batch, (step + 1) * batch), Number);
    const own = BigInt64Array.from(rows, (row) => labels[row]!);
    const target = mixedTargets(own, { classes, share: manifest.lam[step]! });
    computed.set(`step${step}.target`, target);
    const result = await session.step({
      tokens: tokensOf(tensors, rows),
      ...(soft
        ? { target: { dtype: "float32", shape: [batch, classes], data: target } }
        : { labels: { dtype: "int64", shape: [batch], data: own } }),
    });
    curves.loss.push(result.loss);
    curves.grad_norm.push(result.gradNorm);
    curves.lr.push(result.learningRate);
    if (step === 0) {
      computed.set("step0.logits", numbers(result.watched["logits"]!));
      for (const name of trained) {
        computed.set(`step0.grad.${name}`, numbers(result.watched[`gradient/${name}`]!));
      }
    }
    const after = `after${step + 1}`;
    for (const [name, tensor] of Object.entries(await session.state())) {
      const key = name.replace("average/", "ema.").replace("optimizer/momentum/", "momentum.");
      computed.set(`${after}.${key}`, numbers(tensor));
    }
    // The count of batches is the session's own; its average is truncated to a whole number, 0 for the first 499.
    computed.set(`${after}.norm.num_batches_tracked`, [session.updates]);
    computed.set(`${after}.ema.norm.num_batches_tracked`, [0]);
  }
  for (const [name, values] of Object.entries(curves)) computed.set(name, values);

  const held = Array.from({ length: manifest.held_rows }, (_, row) => manifest.train_rows + row);
  const tokens = tokensOf(tensors, held);
  const last = await session.evaluate({ tokens });
  const averaged = await session.evaluate({ tokens }, { averaged: true });
  computed.set("held.feature", numbers(last.outputs["feature"]!));
  computed.set("held.pooled", numbers(last.outputs["feature"]!));
  computed.set("held.logits", numbers(last.outputs["logits"]!));
  computed.set("held.ema_logits", numbers(averaged.outputs["logits"]!));
  return computed;
}

function numbers({ data }: Tensor): Float32Array {
  return data as Float32Array;
}

function tokensOf(
  tensors: ReadonlyMap<string, GoldenTensor>,
  rows: readonly number[],
): Tensor<"float32"> {
  const { shape, data } = float32Golden(tensors, "tokens");
  const [, count = 0, width = 0] = shape;
  const picked = new Float32Array(rows.length * count * width);
  for (const [at, row] of rows.entries()) {
    picked.set(data.subarray(row * count * width, (row + 1) * count * width), at * count * width);
  }
  return { dtype: "float32", shape: [rows.length, count, width], data: picked };
}

/** Smoothed one-hot rows, mixed with those of the reversed batch (recipe: smoothing 0.1). */
function mixedTargets(
  labels: BigInt64Array,
  { classes, share }: { readonly classes: number; readonly share: number },
): Float32Array {
  const [off, count] = [0.1 / classes, labels.length];
  const targets = new Float32Array(count * classes).fill(off);
  for (const [row, label] of labels.entries()) {
    targets[row * classes + Number(label)]! += share * 0.9;
    targets[row * classes + Number(labels[count - 1 - row]!)]! += (1 - share) * 0.9;
  }
  return targets;
}

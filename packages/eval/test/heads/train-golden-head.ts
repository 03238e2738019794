// A golden training of a probe by this package's head, mixed targets and the settings of the manifest.

import type { GraphRuntime, Tensor } from "@internvit/model-core";
import { float32Golden, type GoldenTensor } from "@internvit/test-kit/portable";
import {
  cosineSchedule,
  createTrainingSession,
  crossEntropy,
  type GraphRewrite,
  oneUpdateBehind,
  sgd,
  softCrossEntropy,
} from "@internvit/train";
import { probeHead } from "@internvit/eval";

import type { TrainingManifest } from "./golden-comparison.ts";

/** The goldens' manifest, as far as it is needed. */
export interface HeadManifest extends TrainingManifest {
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
export interface HeadGoldens {
  readonly manifest: HeadManifest;
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
  /** Default: the session's. */
  readonly rewrites?: readonly GraphRewrite[];
}

/** Everything that the manifest expects, by its golden name. */
export async function trainGoldenHead(
  runtime: GraphRuntime,
  { manifest, tensors, rewrites }: HeadGoldens,
): Promise<ReadonlyMap<string, ArrayLike<number | bigint>>> {
  const { batch, classes, width, heads, tokens, schedule } = manifest;
  const kind = manifest.target === "attention_pooling" ? "attention-pooling" : "linear";
  const soft = manifest.loss.startsWith("soft");
  const initial = [...tensors.keys()].flatMap((name) =>
    name.startsWith("init.") && !name.endsWith("num_batches_tracked") ? [name.slice(5)] : [],
  );
  const state = (names: readonly string[]): Record<string, Tensor> =>
    Object.fromEntries(
      names.map((name) => [name, { dtype: "float32", ...float32Golden(tensors, `init.${name}`) }]),
    );
  const parameters = initial.filter((name) => !isBuffer(name));
  const { peak_lr: peak, total_updates: total, warmup_updates: warmup, min_lr: minimum } = schedule;
  const { momentum, nesterov } = manifest.optimiser;
  await using session = await createTrainingSession(runtime, {
    model: probeHead(
      { kind, width, classes, heads },
      {
        batch,
        tokens,
        state: { parameters: state(parameters), buffers: state(initial.filter(isBuffer)) },
        batchNorm: { epsilon: 1e-6, momentum: 0.1 },
      },
    ),
    loss: soft
      ? {
          inputs: { targets: { dtype: "float32", shape: [batch, classes] } },
          build: (graph, { input, output }) =>
            softCrossEntropy(graph, output("logits"), { targets: input("targets") }),
        }
      : {
          inputs: { labels: { dtype: "int64", shape: [batch], labels: { classes } } },
          build: (graph, { input, output }) =>
            crossEntropy(graph, output("logits"), { labels: input("labels") }),
        },
    optimizer: sgd({ momentum, nesterov }),
    schedule: oneUpdateBehind(cosineSchedule({ peak, total, warmup, minimum })),
    maxGradNorm: manifest.clip_grad_norm,
    averageDecay: manifest.ema_decay,
    ...(rewrites && { rewrites }),
    watch: ["logits", ...parameters.map((name) => `gradient/${name}`)],
  });

  const computed = new Map<string, ArrayLike<number | bigint>>();
  const curves = { loss: [] as number[], grad_norm: [] as number[], lr: [] as number[] };
  const order = tensors.get("batch_rows")!.data as BigInt64Array;
  const labels = tensors.get("labels")!.data as BigInt64Array;
  for (let step = 0; step < manifest.steps; step++) {
    const rows = Array.from(order.subarray(step * batch, (step + 1) * batch), Number);
    const own = BigInt64Array.from(rows, (row) => labels[row]!);
    const targets = mixedTargets(own, { classes, share: manifest.lam[step]! });
    computed.set(`step${step}.target`, targets);
    const result = await session.step({
      tokens: tokensOf(tensors, rows),
      ...(soft
        ? { targets: { dtype: "float32", shape: [batch, classes], data: targets } }
        : { labels: { dtype: "int64", shape: [batch], data: own } }),
    });
    curves.loss.push(result.loss);
    curves.grad_norm.push(result.gradNorm);
    curves.lr.push(result.learningRate);
    if (step === 0) {
      computed.set("step0.logits", numbers(result.watched["logits"]));
      for (const name of parameters) {
        computed.set(`step0.grad.${name}`, numbers(result.watched[`gradient/${name}`]));
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
  const batchOfHeld = { tokens: tokensOf(tensors, held) };
  const last = await session.evaluate(batchOfHeld);
  const averaged = await session.evaluate(batchOfHeld, { averaged: true });
  computed.set("held.feature", numbers(last.outputs["feature"]));
  computed.set("held.pooled", numbers(last.outputs["feature"]));
  computed.set("held.logits", numbers(last.outputs["logits"]));
  computed.set("held.ema_logits", numbers(averaged.outputs["logits"]));
  return computed;
}

function isBuffer(name: string): boolean {
  return name.startsWith("norm.running_");
}

function numbers(tensor: Tensor | undefined): Float32Array {
  return tensor!.data as Float32Array;
}

function tokensOf(tensors: HeadGoldens["tensors"], rows: readonly number[]): Tensor<"float32"> {
  const { shape, data } = float32Golden(tensors, "tokens");
  const [, count = 0, width = 0] = shape;
  const size = count * width;
  const picked = new Float32Array(rows.length * size);
  for (const [at, row] of rows.entries()) {
    picked.set(data.subarray(row * size, (row + 1) * size), at * size);
  }
  return { dtype: "float32", shape: [rows.length, count, width], data: picked };
}

/** Smoothed one-hot rows, mixed with those of the reversed batch (recipe: smoothing 0.1). */
function mixedTargets(
  labels: BigInt64Array,
  { classes, share }: { readonly classes: number; readonly share: number },
): Float32Array {
  const targets = new Float32Array(labels.length * classes).fill(0.1 / classes);
  for (const [row, label] of labels.entries()) {
    targets[row * classes + Number(label)]! += share * 0.9;
    targets[row * classes + Number(labels.at(-1 - row))]! += (1 - share) * 0.9;
  }
  return targets;
}

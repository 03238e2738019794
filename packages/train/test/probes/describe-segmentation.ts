// The golden trainings of segmentation heads as a test suite for any runtime.

import type { GraphBuilder, GraphRuntime, Tensor } from "@internvit/model-core";
import { float32Golden, type GoldenTensor } from "@internvit/test-kit/portable";
import { beforeAll, describe, expect, test } from "vitest";

import {
  adamW,
  createTrainingSession,
  crossEntropy,
  type ModelCall,
  type ModelResults,
  polySchedule,
  resizeBilinear,
  scale,
  type Tensors,
} from "../../src/index.ts";
import { batches, batchOf } from "./golden-batches.ts";
import { goldenGap, toleranceOf, type TrainingManifest } from "./golden-comparison.ts";
import { segmentationHead } from "./probe-models.ts";
import { joinParts, tensorOf } from "../encoder/weight-parts.ts";
import {
  blockMaps,
  dropPathOf,
  type EncoderForm,
  isEncoderTensor,
  trainedEncoder,
} from "./trained-encoder.ts";
import { unstack, upernet } from "./upernet.ts";

/** The goldens' manifest, as far as it is needed. */
export interface SegmentationManifest extends TrainingManifest, Partial<EncoderForm> {
  readonly kind: "linear" | "head" | "full-linear" | "full-upernet";
  readonly auxiliary_in_index: number | null;
  readonly auxiliary_weight: number;
  readonly classes: number;
  readonly steps: number;
  readonly label_ignore: number;
  readonly optimiser: {
    readonly base_lr: number;
    readonly betas: readonly [number, number];
    readonly eps: number;
  };
  readonly schedule: {
    readonly total: number;
    readonly warmup: number;
    readonly warmup_ratio: number;
    readonly power: number;
  };
  readonly groups: readonly {
    readonly lr_scale: number;
    readonly weight_decay: number;
    readonly parameters: readonly string[];
  }[];
}

/** The files of the training. */
export interface SegmentationGoldens {
  readonly manifest: SegmentationManifest;
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
  /** Whether evaluations before and after are compared as well. Default: true. */
  readonly evaluates?: boolean;
}

/** One test per golden tensor. */
export function describeSegmentation(
  label: string,
  createRuntime: () => GraphRuntime,
  goldens: SegmentationGoldens,
): void {
  describe(`golden training: ${label}`, () => {
    let computed: ReadonlyMap<string, ArrayLike<number>>;
    beforeAll(async () => {
      computed = await train(createRuntime(), goldens);
    }, 240_000);
    const { evaluates = true, manifest } = goldens;
    const expected = Object.entries(manifest.tensors).flatMap(([name, { role }]) =>
      role === "expected" && (evaluates || !name.startsWith("eval_")) ? [name] : [],
    );
    test.each(expected)("%s", (name) => {
      expect(goldenGap(name, computed.get(name) ?? [], goldens)).toBeLessThanOrEqual(
        toleranceOf(name, goldens),
      );
    });
  });
}

/** Everything that the manifest expects, by its golden name. */
async function train(
  runtime: GraphRuntime,
  { manifest, tensors, evaluates = true }: SegmentationGoldens,
): Promise<ReadonlyMap<string, ArrayLike<number>>> {
  const { classes, optimiser, schedule, groups, steps } = manifest;
  const hasAuxiliary = manifest.auxiliary_in_index !== null;
  const full = manifest.kind.startsWith("full");
  const picture = full ? "pixel_values" : "input";
  const masks = Object.keys(manifest.tensors).filter((name) => name.endsWith("_kept_channels"));
  const fed: Readonly<Record<string, readonly Tensor[]>> = {
    ...Object.fromEntries(["label", ...masks].map((name) => [name, batches(tensors, name)])),
    [picture]: batches(tensors, "input"),
    ...(full && {
      drop_path: batches(tensors, "drop_path_kept").map((kept) =>
        dropPathOf(manifest as EncoderForm, kept),
      ),
    }),
  };
  const labels = fed["label"]!;
  const trained = groups.flatMap((group) => group.parameters);
  const running = Object.keys(manifest.tensors).flatMap((name) =>
    /^init\..*running_(mean|var)$/.test(name) ? [name.slice("init.".length)] : [],
  );
  const shown = [
    "logits",
    ...(hasAuxiliary ? ["auxiliary"] : []),
    ...["f1", "f2", "f4"].filter((name) => tensors.has(`step0.${name}`)),
  ];
  const first = (names: readonly string[]): Tensors =>
    Object.fromEntries(
      names.map((name) => [name, { dtype: "float32", ...float32Golden(tensors, `init.${name}`) }]),
    );
  const [, height = 0, width = 0] = labels[0]!.shape;
  const encoder = full
    ? await trainedEncoder(
        manifest as EncoderForm,
        new Map(Object.entries(first(trained.filter(isEncoderTensor)))),
      )
    : undefined;
  const parameters = {
    ...encoder?.parameters,
    ...first(encoder === undefined ? trained : trained.filter((name) => !isEncoderTensor(name))),
  };
  await using session = await createTrainingSession(runtime, {
    model: {
      inputs: {
        [picture]: { dtype: "float32", shape: fed[picture]![0]!.shape },
        ...Object.fromEntries(
          [...masks, ...(full ? ["drop_path"] : [])].map((name) => [
            name,
            { dtype: "float32", shape: fed[name]![0]!.shape, trainingOnly: true } as const,
          ]),
        ),
      },
      parameters,
      buffers: first(running),
      ...(encoder && { base: encoder.base }),
      build: (graph, call) => buildModel(graph, call, manifest),
    },
    loss: {
      inputs: {
        label: {
          dtype: "uint8",
          shape: labels[0]!.shape,
          labels: { classes, ignore: manifest.label_ignore },
        },
      },
      build(graph, { input, output }) {
        const lossOf = (name: string) =>
          crossEntropy(graph, resizeBilinear(graph, output(name), { height, width }), {
            labels: input("label"),
            average: "all",
          });
        if (!hasAuxiliary) return { decode: lossOf("logits") };
        const auxiliary = scale(graph, lossOf("auxiliary"), manifest.auxiliary_weight);
        return { decode: lossOf("logits"), auxiliary };
      },
    },
    optimizer: adamW({ betas: optimiser.betas, epsilon: optimiser.eps }),
    schedule: polySchedule({
      peak: optimiser.base_lr,
      total: schedule.total,
      power: schedule.power,
      warmup: schedule.warmup,
      warmupRatio: schedule.warmup_ratio,
    }),
    group(name) {
      const found = groups.find(({ parameters: names }) => names.includes(tensorOf(name)))!;
      return { learningRateScale: found.lr_scale, weightDecay: found.weight_decay };
    },
    watch: [...shown, ...Object.keys(parameters).map((name) => `gradient/${name}`)],
  });

  const computed = new Map<string, ArrayLike<number>>();
  const losses: number[] = [];
  const rates: number[] = [];
  const evaluation = { [picture]: fed[picture]![steps - 1]! };
  const logits = async () => numbers((await session.evaluate(evaluation)).outputs["logits"]!);
  if (evaluates) computed.set("eval_before.logits", await logits());
  for (let step = 0; step < steps; step++) {
    const result = await session.step(batchOf(fed, step));
    losses.push(result.loss);
    rates.push(result.learningRate);
    if (step > 0) continue;
    for (const name of shown) {
      const golden = isLogits(name) ? `${name === "logits" ? "decode" : name}_logits` : name;
      const values = numbers(result.watched[name]!);
      // Of the largest level the goldens have the first sample only.
      const kept = name === "f1" ? values.slice(0, values.length / labels[0]!.shape[0]!) : values;
      computed.set(`step0.${golden}`, kept);
    }
    for (const [name, loss] of Object.entries(result.losses)) {
      computed.set(`step0.${name}_loss`, [loss]);
    }
    const gradients = Object.keys(parameters).map(
      (name) => [name, numbers(result.watched[`gradient/${name}`]!)] as const,
    );
    for (const [name, values] of joinParts(gradients)) computed.set(`step0.grad.${name}`, values);
  }
  computed.set("loss", losses);
  computed.set("lr", rates);
  const weights = Object.entries(await session.weights());
  for (const [name, values] of joinParts(weights.map(([part, t]) => [part, numbers(t)] as const))) {
    computed.set(`after${steps}.${name}`, values);
  }
  // Counted by the session.
  for (const name of running.filter((buffer) => buffer.endsWith("running_mean"))) {
    const counter = name.replace(/running_mean$/, "num_batches_tracked");
    computed.set(`after${steps}.${counter}`, [session.updates]);
  }
  if (evaluates) computed.set("eval_after.logits", await logits());
  return computed;
}

function buildModel(
  graph: GraphBuilder,
  call: ModelCall,
  manifest: SegmentationManifest,
): ModelResults {
  const { kind, auxiliary_in_index: auxiliaryLevel } = manifest;
  if (kind === "linear") return segmentationHead(graph, call, call.input("input"));
  const taps =
    kind === "head"
      ? unstack(graph, call.input("input"))
      : blockMaps(graph, manifest as EncoderForm);
  if (kind === "full-linear") return segmentationHead(graph, call, taps.at(-1)!);
  return upernet(graph, call, { taps, auxiliaryLevel: auxiliaryLevel! });
}

function isLogits(name: string): boolean {
  return name === "logits" || name === "auxiliary";
}

function numbers({ data }: Tensor): Float32Array {
  return data as Float32Array;
}

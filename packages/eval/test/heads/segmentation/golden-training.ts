// A golden training of a segmentation head: this package's heads, settings and loss on the goldens' pictures and masks.

import type { GraphRuntime, Tensor } from "@internvit/model-core";
import {
  initialSegmentationHead,
  type SegmentationForm,
  segmentationHead,
  segmentationLoss,
  segmentationSettings,
  tunedSegmentation,
} from "@internvit/eval";
import { float32Golden, type GoldenTensor } from "@internvit/test-kit/portable";
import { createTrainingSession, type Tensors } from "@internvit/train";

import { joinParts } from "../../../src/heads/segmentation/encoder-parts.ts";
import type { TrainingManifest } from "../golden-comparison.ts";
import { dropPathOf, type EncoderForm, goldenEncoder } from "./golden-encoder.ts";

/** The goldens' manifest, as far as it is needed. */
export interface SegmentationManifest extends TrainingManifest, Partial<EncoderForm> {
  readonly kind: "linear" | "head" | "full-linear" | "full-upernet";
  readonly width: number;
  readonly grid: number;
  readonly batch: number;
  readonly head_channels: number | null;
  readonly auxiliary_in_index: number | null;
  readonly classes: number;
  readonly steps: number;
  readonly optimiser: { readonly base_lr: number; readonly weight_decay: number };
  readonly layer_decay: { readonly num_layers: number; readonly rate: number };
  readonly schedule: {
    readonly total: number;
    readonly warmup: number;
    readonly warmup_ratio: number;
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
}

/** Numbers by their golden names. */
export type Computed = ReadonlyMap<string, ArrayLike<number>>;

/** The head that a manifest describes. */
export function formOf(manifest: SegmentationManifest): SegmentationForm {
  const { kind, width, classes, head_channels: channels, auxiliary_in_index: level } = manifest;
  if (kind.endsWith("linear")) return { kind: "linear", width, classes };
  return { kind: "upernet", width, classes, channels: channels!, auxiliaryLevel: level as 1 | 2 };
}

/** What the manifest's optimiser, schedule and layer decay are here. */
export function settingsOf({ optimiser, schedule, layer_decay: decay }: SegmentationManifest) {
  return segmentationSettings({
    rate: optimiser.base_lr,
    updates: schedule.total,
    warmup: schedule.warmup,
    warmupRatio: schedule.warmup_ratio,
    weightDecay: optimiser.weight_decay,
    layerDecay: decay.rate,
    layers: decay.num_layers,
    seed: 0,
  });
}

/** Everything that the manifest expects. */
export async function trainGoldenSegmentation(
  runtime: GraphRuntime,
  { manifest, tensors }: SegmentationGoldens,
  { evaluates = true }: { readonly evaluates?: boolean } = {},
): Promise<Computed> {
  const { batch, steps } = manifest;
  const form = formOf(manifest);
  const full = manifest.kind.startsWith("full");
  const [, , height = 0, width = 0] = tensors.get("label")!.shape;
  const first = (names: readonly string[]): Tensors =>
    Object.fromEntries(
      names.map((name) => [name, { dtype: "float32", ...float32Golden(tensors, `init.${name}`) }]),
    );
  // Their names are this package's own: a name that the goldens do not know fails here.
  const drawn = initialSegmentationHead(form, { seed: 0 });
  const state = {
    parameters: first(Object.keys(drawn.parameters)),
    buffers: first(Object.keys(drawn.buffers)),
  };
  const encoder = full ? await goldenEncoder(manifest as EncoderForm, tensors, form) : undefined;
  const model =
    encoder === undefined
      ? segmentationHead(form, {
          batch,
          state,
          grid: { rows: manifest.grid, columns: manifest.grid },
        })
      : tunedSegmentation(form, { batch, state, encoder });
  const shown = [
    "logits",
    ...(form.kind === "upernet" ? ["auxiliary"] : []),
    ...["f1", "f2", "f4"].filter((name) => tensors.has(`step0.${name}`)),
  ];
  const parameters = Object.keys(model.parameters);
  await using session = await createTrainingSession(runtime, {
    model,
    loss: segmentationLoss(form, { batch, height, width }),
    ...settingsOf(manifest),
    watch: [...shown, ...parameters.map((name) => `gradient/${name}`)],
  });

  const computed = new Map<string, ArrayLike<number>>();
  const [losses, rates]: [number[], number[]] = [[], []];
  const pictures = (step: number): Tensors =>
    full ? { pixel_values: batchOf(tensors, "input", step) } : tapsOf(tensors, step);
  const logits = async () =>
    floats((await session.evaluate(pictures(steps - 1))).outputs["logits"]!);
  if (evaluates) computed.set("eval_before.logits", await logits());
  for (let step = 0; step < steps; step++) {
    const result = await session.step({
      ...pictures(step),
      labels: batchOf(tensors, "label", step),
      ...masksOf(tensors, step),
      ...(full && {
        drop_path: dropPathOf(manifest as EncoderForm, batchOf(tensors, "drop_path_kept", step)),
      }),
    });
    losses.push(result.loss);
    rates.push(result.learningRate);
    if (step > 0) continue;
    for (const name of shown) {
      const values = floats(result.watched[name]!);
      // Of the largest level the goldens have the first sample only.
      const kept = name === "f1" ? values.slice(0, values.length / batch) : values;
      computed.set(`step0.${GOLDEN_NAMES[name] ?? name}`, kept);
    }
    for (const [name, loss] of Object.entries(result.losses)) {
      computed.set(`step0.${name}_loss`, [loss]);
    }
    const gradients = parameters.map((name) => [name, result.watched[`gradient/${name}`]!]);
    for (const [name, gradient] of Object.entries(joinParts(Object.fromEntries(gradients)))) {
      computed.set(`step0.grad.${name}`, floats(gradient));
    }
  }
  computed.set("loss", losses);
  computed.set("lr", rates);
  for (const [name, tensor] of Object.entries(joinParts(await session.weights()))) {
    computed.set(`after${steps}.${name}`, floats(tensor));
    // Counted by the session.
    const counter = name.replace(/running_mean$/, "num_batches_tracked");
    if (counter !== name) computed.set(`after${steps}.${counter}`, [session.updates]);
  }
  if (evaluates) computed.set("eval_after.logits", await logits());
  return computed;
}

const GOLDEN_NAMES: Readonly<Record<string, string>> = {
  logits: "decode_logits",
  auxiliary: "auxiliary_logits",
};

function floats({ data }: Tensor): Float32Array {
  return data as Float32Array;
}

/** Row `step` of a golden [steps, …]. */
function batchOf(tensors: SegmentationGoldens["tensors"], name: string, step: number): Tensor {
  const { dtype, shape, data } = tensors.get(name)!;
  const [steps = 0, ...rest] = shape;
  const size = data.length / steps;
  const part = data.slice(step * size, (step + 1) * size);
  return dtype === "U8"
    ? { dtype: "uint8", shape: rest, data: part as Uint8Array }
    : { dtype: "float32", shape: rest, data: part as Float32Array };
}

function masksOf(tensors: SegmentationGoldens["tensors"], step: number): Tensors {
  return Object.fromEntries(
    ["decode", "auxiliary"].flatMap((head) => {
      const name = `${head}_kept_channels`;
      return tensors.has(name)
        ? [[`${head}_head.kept_channels`, batchOf(tensors, name, step)] as const]
        : [];
    }),
  );
}

/** Maps [taps, batch, width, h, w], or of one tap without the first axis, as an encoder's hidden states. */
function tapsOf(tensors: SegmentationGoldens["tensors"], step: number): Tensors {
  const { shape, data } = batchOf(tensors, "input", step);
  const [batch = 0, width = 0, height = 0, columns = 0] = shape.slice(-4);
  const [pixels, taps] = [height * columns, shape.length === 5 ? shape[0]! : 1];
  return Object.fromEntries(
    Array.from({ length: taps }, (_, tap) => {
      // The class token is no matter.
      const tokens = new Float32Array(batch * (1 + pixels) * width).fill(7);
      for (let at = 0; at < batch * width * pixels; at++) {
        const [plane, pixel] = [Math.floor(at / pixels), at % pixels];
        const [picture, channel] = [Math.floor(plane / width), plane % width];
        const row = picture * (1 + pixels) + 1 + pixel;
        tokens[row * width + channel] = Number(data[tap * batch * width * pixels + at]);
      }
      return [
        `taps.${tap}`,
        { dtype: "float32", shape: [batch, 1 + pixels, width], data: tokens },
      ] as const;
    }),
  );
}

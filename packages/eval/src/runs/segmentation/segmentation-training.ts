// A head, and where the protocol trains it the encoder under it, ready for updates and for windows of pictures.

import type { Tensor } from "@internvit/model-core";
import {
  createEvaluation,
  createTrainingSession,
  type Tensors,
  type TrainingSession,
} from "@internvit/train";

import type { HeadState } from "../../heads/probe-head.ts";
import { channelMasks } from "../../heads/segmentation/channel-dropout.ts";
import type { SegmentationForm } from "../../heads/segmentation/form.ts";
import { initialSegmentationHead } from "../../heads/segmentation/initial-head.ts";
import { segmentationLoss } from "../../heads/segmentation/segmentation-loss.ts";
import { headTensors } from "../../heads/segmentation/head-tensors.ts";
import { withoutClassToken } from "../../heads/segmentation/patch-maps.ts";
import {
  headOnGrids,
  segmentationHead,
  tunedSegmentation,
} from "../../heads/segmentation/segmentation-model.ts";
import { segmentationSettings } from "../../heads/segmentation/segmentation-settings.ts";
import { trainedEncoder } from "../../heads/segmentation/trained-encoder.ts";
import { normalisedWindows } from "../../inference/window-images.ts";
import type { WindowLogits } from "../../inference/window-logits.ts";
import type { SegmentationProtocol } from "../../protocols/segmentation-protocol.ts";
import type { SegmentationRunOptions } from "./segmentation-run-options.ts";
import type { TapEncoders } from "./tap-encoders.ts";

/** A training that is ready. Owns its session; encoders stay the caller's. */
export interface SegmentationTraining {
  readonly form: SegmentationForm;
  readonly session: TrainingSession;
  /** What an update is fed beside its labels, of its pictures: float32 [batch, 3, cropSize, cropSize], normalised. */
  input(pixelValues: Tensor<"float32">, signal?: AbortSignal): Promise<Tensors>;
  /** Masks of the update that comes next. */
  masks(): Tensors;
  /** What segments windows with the weights as they are now. No update until it is disposed of. */
  openWindows(): Promise<OpenWindows>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Window logits that belong to whoever asked. */
export interface OpenWindows extends WindowLogits {
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of `openTraining`. */
export interface OpenTrainingOptions extends Pick<
  SegmentationRunOptions,
  "checkpoint" | "runtime" | "train" | "signal"
> {
  /** Blocks of the encoder that the head reads, from 0. */
  readonly blocks: readonly number[];
  /** Of these blocks; undefined for protocols that train the encoder. */
  readonly encoders: TapEncoders | undefined;
  /** Pictures of an update. Default: the protocol's. */
  readonly batch?: number;
}

/** What the kinds of protocols are run with. */
export interface RunParts extends SegmentationRunOptions {
  readonly blocks: readonly number[];
  /** Of these blocks; undefined for protocols that train the encoder. */
  readonly encoders: TapEncoders | undefined;
  /** Encoders of a size; 1 where the encoder is trained. */
  readonly parallel: number;
}

/** Whether a protocol trains the encoder with the head. */
export function tunedEncoder(
  protocol: SegmentationProtocol,
): { readonly dropPathRate: number } | undefined {
  return protocol.kind === "online" && protocol.encoder.trained ? protocol.encoder : undefined;
}

/**
 * Opens the training of a protocol, at its first update.
 *
 * @throws what encoders, runtime and checkpoint throw
 */
export async function openTraining(
  protocol: SegmentationProtocol,
  options: OpenTrainingOptions,
): Promise<SegmentationTraining> {
  const { checkpoint, train, encoders } = options;
  const { config } = checkpoint;
  const form: SegmentationForm = {
    ...protocol.head,
    width: config.hiddenSize,
    classes: train.classes.length,
  };
  const parts = { ...options, form, batch: options.batch ?? protocol.batch };
  const opened =
    encoders === undefined
      ? await openTuned(protocol, parts)
      : await openFrozen(protocol, { ...parts, encoders });
  const masks = channelMasks(form, { batch: parts.batch, seed: protocol.seed });
  const { session, dropPath, input } = opened;
  return {
    form,
    session,
    input,
    masks: () => ({ ...masks(session.updates), ...dropPath(session.updates) }),
    async openWindows() {
      const { evaluate, dispose } = await opened.openEvaluation();
      return {
        classes: form.classes,
        patchSize: config.patchSize,
        // UperNet's first level alone is hundreds of megabytes for each window.
        batch: form.kind === "linear" ? 4 : 1,
        run: async (pixels, signal) =>
          (await evaluate(pixels, signal))["logits"] as Tensor<"float32">,
        [Symbol.asyncDispose]: dispose,
      };
    },
    [Symbol.asyncDispose]: () => session.dispose(),
  };
}

interface OpenedTraining extends Pick<SegmentationTraining, "session" | "input"> {
  readonly dropPath: (step: number) => Tensors;
  readonly openEvaluation: () => Promise<{
    /** The outputs for windows, uint8 [n, height, width, 3]. */
    evaluate(pixels: Tensor<"uint8">, signal?: AbortSignal): Promise<Tensors>;
    dispose(): Promise<void>;
  }>;
}

interface Parts extends OpenTrainingOptions {
  readonly form: SegmentationForm;
  readonly batch: number;
}

/** The encoder gives what the head reads, and stays as it is. */
async function openFrozen(
  protocol: SegmentationProtocol,
  parts: Parts & { readonly encoders: TapEncoders },
): Promise<OpenedTraining> {
  const { runtime, form, batch, checkpoint, encoders, signal } = parts;
  const { cropSize, seed } = protocol;
  const { patchSize } = checkpoint.config;
  const side = cropSize / patchSize;
  const session = await createTrainingSession(runtime, {
    model: segmentationHead(form, {
      batch,
      state: initialSegmentationHead(form, { seed }),
      grid: { rows: side, columns: side },
    }),
    ...trainingParts(protocol, parts),
    ...(signal !== undefined && { signal }),
  });
  return {
    session,
    dropPath: () => ({}),
    input: (pixelValues, stop) => encoders.taps(pixelValues, stop),
    async openEvaluation() {
      const state = headState(form, await session.weights());
      const evaluation = await createEvaluation(runtime, {
        model: headOnGrids(form, { state }),
        signal,
      });
      return {
        async evaluate(pixels, stop) {
          const [, height = 0, width = 0] = pixels.shape;
          const grid = { rows: height / patchSize, columns: width / patchSize };
          const taps = Object.entries(await encoders.taps(pixels, stop)).map(
            ([name, tensor]) => [name, withoutClassToken(tensor, grid)] as const,
          );
          return evaluation.evaluate(Object.fromEntries(taps), { signal: stop });
        },
        dispose: () => evaluation.dispose(),
      };
    },
  };
}

/** The encoder is a part of the model. */
async function openTuned(protocol: SegmentationProtocol, parts: Parts): Promise<OpenedTraining> {
  const { runtime, form, blocks, batch, checkpoint, signal } = parts;
  const { cropSize: size, seed } = protocol;
  const { dropPathRate = 0 } = tunedEncoder(protocol) ?? {};
  const encoder = await trainedEncoder(checkpoint, { size, taps: blocks, dropPathRate });
  const session = await createTrainingSession(runtime, {
    model: tunedSegmentation(form, {
      batch,
      state: initialSegmentationHead(form, { seed }),
      encoder,
    }),
    ...trainingParts(protocol, parts),
    ...(signal !== undefined && { signal }),
  });
  return {
    session,
    dropPath: encoder.dropPath({ batch, seed }),
    input: async (pixelValues) => ({ pixel_values: pixelValues }),
    openEvaluation: async () => ({
      async evaluate(pixels, stop) {
        const evaluation = stop === undefined ? {} : { signal: stop };
        const windows = { pixel_values: normalisedWindows(pixels) };
        return (await session.evaluate(windows, evaluation)).outputs;
      },
      dispose: async () => {},
    }),
  };
}

/** Weights of a session as a head's. */
function headState(form: SegmentationForm, weights: Tensors): HeadState {
  const of = (wanted: "parameter" | "buffer"): Tensors =>
    Object.fromEntries(
      headTensors(form)
        .filter(({ role }) => role === wanted)
        .map(({ name }) => [name, weights[name]!]),
    );
  return { parameters: of("parameter"), buffers: of("buffer") };
}

/** Loss and settings of a protocol. */
function trainingParts(
  { cropSize, iterations, seed, optimizer }: SegmentationProtocol,
  { form, batch, checkpoint }: Parts,
) {
  const { learningRate: rate, betas, epsilon, weightDecay, layerDecay, schedule } = optimizer;
  const { power, minimum, warmup, warmupRatio } = schedule;
  return {
    loss: segmentationLoss(form, { batch, height: cropSize, width: cropSize }),
    ...segmentationSettings({
      rate,
      betas,
      epsilon,
      weightDecay,
      layerDecay,
      power,
      minimum,
      warmup,
      warmupRatio,
      updates: iterations,
      // Blocks that no tap reads are left out of the model, and count all the same.
      layers: checkpoint.config.numHiddenLayers,
      seed,
    }),
  };
}

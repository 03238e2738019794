// A trained head at work: on the frozen encoder that it was trained on, or with the encoder that was trained with it.

import {
  type EncoderOutput,
  featureOf,
  type GraphRuntime,
  type Tensor,
  type VisionEncoder,
} from "@internvit/model-core";
import type { RgbImage } from "@internvit/preprocess";
import { createEvaluation, type Evaluation } from "@internvit/train";

import type { LabelMap } from "../augment/segmentation/label-map.ts";
import { EvalError } from "../errors.ts";
import type { SegmentationHeadFacts } from "../heads/segmentation/head-facts.ts";
import { withoutClassToken } from "../heads/segmentation/patch-maps.ts";
import { headCheckpoint, type SegmentationHeadFile } from "../heads/segmentation/read-head.ts";
import { headOnGrids, tunedSegmentation } from "../heads/segmentation/segmentation-model.ts";
import { trainedEncoder } from "../heads/segmentation/trained-encoder.ts";
import type { OpenEncoders } from "../runs/segmentation/segmentation-run-options.ts";
import type { InferenceSettings } from "./inference-settings.ts";
import { segmentImage } from "./segment-image.ts";
import { createSizedEncoders } from "./sized-encoders.ts";
import { normalisedWindows } from "./window-images.ts";
import type { WindowLogits } from "./window-logits.ts";

/** Options of `createSegmenter`. */
export interface SegmenterOptions {
  /** What `readSegmentationHead` gave. */
  readonly head: SegmentationHeadFile;
  /**
   * Opens encoders of the model that the head was trained on; asked for every size of windows, also while pictures are
   * segmented. Heads that were trained with their encoder do not need it.
   */
  readonly openEncoders?: OpenEncoders | undefined;
  /** Windows that run at once. Default: 1. */
  readonly batch?: number;
  /** Whether an encoder with other weights than the head's is taken, if it has the same architecture. Default: false. */
  readonly allowOtherCheckpoint?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Segments pictures until `dispose`. */
export interface Segmenter {
  readonly facts: SegmentationHeadFacts;
  readonly logits: WindowLogits;
  /**
   * The labels of a picture, as `segmentImage` gives them.
   *
   * @param options `settings` instead of the head's own
   */
  segment(
    image: RgbImage,
    options?: {
      readonly settings?: InferenceSettings;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<LabelMap>;
  /** Frees the head and the encoders. No call may be under way. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

type Logits = WindowLogits & { readonly dispose: () => Promise<void> };

/**
 * Brings a head to where its graphs run, and opens the encoders of the windows that it was scored with.
 *
 * @throws EvalError `mismatch` for an encoder of another architecture or, unless that is allowed, with other weights than
 * the head was trained on, `invalid-argument` where no encoder can be opened; what `openEncoders` throws
 */
export async function createSegmenter(
  runtime: GraphRuntime,
  options: SegmenterOptions,
): Promise<Segmenter> {
  const { facts } = options.head;
  const { dispose, ...logits } = facts.encoder.trained
    ? await tunedLogits(runtime, options)
    : await frozenLogits(runtime, options);
  return {
    facts,
    logits,
    segment: (image, { settings = facts.inference, signal } = {}) =>
      segmentImage(image, { logits, settings, signal }),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

async function frozenLogits(
  runtime: GraphRuntime,
  { head, openEncoders, batch = 1, allowOtherCheckpoint = false, signal }: SegmenterOptions,
): Promise<Logits> {
  const { facts, state, subject } = head;
  const { form, blocks, inference } = facts;
  const { patchSize } = head.config;
  if (openEncoders === undefined) {
    throw new EvalError(
      "invalid-argument",
      `${subject}: a head on a frozen encoder, ${facts.encoder.name}: expected openEncoders`,
      { subject },
    );
  }
  const outputs = blocks.map((block): EncoderOutput => `hidden_states.${block + 1}`);
  const encoders = createSizedEncoders(async (inputSize) => {
    const opened = await openEncoders({ inputSize, outputs: [...new Set(outputs)] });
    try {
      for (const encoder of opened) checkEncoder(encoder, { head, allowOtherCheckpoint });
    } catch (error) {
      await Promise.all(opened.map((encoder) => encoder.dispose()));
      throw error;
    }
    return opened;
  });
  const { mode, shortSide } = inference;
  const side = mode.kind === "slide" ? mode.window : Math.ceil(shortSide / patchSize) * patchSize;
  await encoders.open({ width: side, height: side });
  let evaluation: Evaluation;
  try {
    evaluation = await createEvaluation(runtime, { model: headOnGrids(form, { state }), signal });
  } catch (error) {
    await encoders.dispose();
    throw error;
  }
  return {
    classes: form.classes,
    patchSize,
    batch,
    async run(pixels, runSignal) {
      const [, height = 0, width = 0] = pixels.shape;
      const grid = { rows: height / patchSize, columns: width / patchSize };
      const features = await encoders.encode(pixels, runSignal);
      const taps = outputs.map((output, at) => [
        `taps.${at}`,
        withoutClassToken(featureOf(features, output), grid),
      ]);
      return logitsOf(evaluation, Object.fromEntries(taps), runSignal);
    },
    async dispose() {
      await evaluation.dispose();
      await encoders.dispose();
    },
  };
}

async function tunedLogits(
  runtime: GraphRuntime,
  { head, batch = 1, signal }: SegmenterOptions,
): Promise<Logits> {
  const { facts, state } = head;
  const { form, blocks } = facts;
  const checkpoint = await headCheckpoint(head);
  const { patchSize, imageSize: size } = checkpoint.config;
  const encoder = await trainedEncoder(checkpoint, { size, taps: blocks, dropPathRate: 0 });
  const model = tunedSegmentation(form, { batch, state, encoder });
  const evaluation = await createEvaluation(runtime, { model, signal });
  return {
    classes: form.classes,
    patchSize,
    batch,
    run: (pixels, runSignal) =>
      logitsOf(evaluation, { pixel_values: normalisedWindows(pixels) }, runSignal),
    dispose: () => evaluation.dispose(),
  };
}

async function logitsOf(
  evaluation: Evaluation,
  batch: Readonly<Record<string, Tensor>>,
  signal: AbortSignal | undefined,
): Promise<Tensor<"float32">> {
  const { logits } = await evaluation.evaluate(batch, { signal });
  return logits as Tensor<"float32">;
}

function checkEncoder(
  { config, info }: VisionEncoder,
  options: { readonly head: SegmentationHeadFile; readonly allowOtherCheckpoint: boolean },
): void {
  const { head, allowOtherCheckpoint } = options;
  for (const field of ["hiddenSize", "numHiddenLayers", "patchSize"] as const) {
    if (config[field] === head.config[field]) continue;
    refuse(`${field} ${head.config[field]}, got ${info.checkpoint} with ${config[field]}`, head);
  }
  const { checkpointHash: own } = head.facts.encoder;
  const found = info.checkpointHash;
  if (own === null || found === undefined || own === found || allowOtherCheckpoint) return;
  refuse(`weights of SHA-256 ${own}, got ${info.checkpoint} with ${found}`, head);
}

function refuse(found: string, { subject, facts }: SegmentationHeadFile): never {
  throw new EvalError(
    "mismatch",
    `${subject}: trained on ${facts.encoder.name}; expected an encoder with ${found}`,
    { subject },
  );
}

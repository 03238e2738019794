// Encoder and head as one, for the windows of pictures: the model in use, opened once more for what the head reads.

import {
  decodeSegmentationHead,
  type InferenceSettings,
  initialSegmentationHead,
  SEGMENTATION_NORMALIZATION,
  segmentationHead,
  segmentationLoss,
  type WindowLogits,
} from "@internvit/eval";
import { featureOf, type Tensor } from "@internvit/model-core";
import { createVisionEncoder, createWebRuntime } from "@internvit/runtime-web";
import { createTrainingSession, sgd, type Tensors } from "@internvit/train";

import type { OpenedModel } from "./open-encoder.ts";
import type { SegmentationHeadFile } from "./segmentation-head.ts";

/** Sessions that segment. */
export interface OpenedSegmenter {
  readonly logits: WindowLogits;
  readonly settings: InferenceSettings;
  dispose(): Promise<void>;
}

/** Opens encoder and head. */
export async function openSegmenter(
  { file, name, facts, config }: SegmentationHeadFile,
  { checkpoint, choice }: OpenedModel,
): Promise<OpenedSegmenter> {
  const { form, blocks, inference } = facts;
  const { weights } = await decodeSegmentationHead(new Uint8Array(await file.arrayBuffer()), {
    subject: name,
  });
  if (inference.mode.kind !== "slide") throw new Error("not yet");
  const side = inference.mode.window;
  const output = `hidden_states.${blocks[0]! + 1}` as const;
  const encoder = await createVisionEncoder(checkpoint, {
    outputs: [output],
    inputSize: { height: side, width: side },
    normalization: SEGMENTATION_NORMALIZATION,
    executionProvider: choice.executionProvider,
    dtype: choice.dtype,
  });
  const drawn = initialSegmentationHead(form, { seed: 0 });
  const pick = (from: Tensors) =>
    Object.fromEntries(Object.keys(from).map((key) => [key, weights[key]!]));
  const grid = { rows: side / config.patchSize, columns: side / config.patchSize };
  const session = await createTrainingSession(
    createWebRuntime({ executionProvider: "wasm", threads: 1 }),
    {
      model: segmentationHead(form, {
        batch: 1,
        grid,
        state: { parameters: pick(drawn.parameters), buffers: pick(drawn.buffers) },
      }),
      loss: segmentationLoss(form, { batch: 1, height: 8, width: 8 }),
      optimizer: sgd(),
      schedule: () => 0,
    },
  );
  return {
    settings: inference,
    logits: {
      classes: form.classes,
      patchSize: config.patchSize,
      batch: 1,
      async run(pixels) {
        const features = await encoder.encode(pixels);
        const { outputs } = await session.evaluate({ "taps.0": featureOf(features, output) });
        return outputs["logits"] as Tensor<"float32">;
      },
    },
    async dispose() {
      await encoder.dispose();
      await session.dispose();
    },
  };
}

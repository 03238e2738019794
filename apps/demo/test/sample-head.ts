// Heads as `internvit eval segmentation` writes them, small: for the page's own encoder a linear one on its last block,
// trained on mosaics of colours; and one that brings its encoder.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  encodeHeadFacts,
  encodeSegmentationHead,
  initialSegmentationHead,
  SEGMENTATION_NORMALIZATION,
  segmentationHead,
  type SegmentationHeadFacts,
  segmentationLoss,
  segmentationSettings,
  trainedEncoder,
} from "@internvit/eval";
import {
  type EncoderConfig,
  encoderConfigJson,
  featureOf,
  type Tensor,
} from "@internvit/model-core";
import { createNodeRuntime, createVisionEncoder, openCheckpoint } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { createTrainingSession } from "@internvit/train";

import { makeRandomModel } from "../src/worker/random-model.ts";
import { colourMosaics, FAMILIES, MOSAIC_SIDE } from "./colour-mosaics.ts";

const COUNT = 24;
const UPDATES = 60;

/** What the head says of itself, but for the encoder. */
const FACTS: Omit<SegmentationHeadFacts, "form" | "blocks" | "encoder"> = {
  classes: FAMILIES,
  inference: {
    shortSide: 2 * MOSAIC_SIDE,
    mode: { kind: "slide", window: MOSAIC_SIDE, stride: MOSAIC_SIDE / 2 },
    scales: [1],
    flip: false,
  },
  protocol: { name: "colour-mosaics", hash: "0".repeat(64) },
  iteration: UPDATES,
};

/** A head for the page's own encoder. */
export async function sampleHead(): Promise<Buffer> {
  const { pixels, labels } = colourMosaics({ count: COUNT, seed: 5 });
  const { tokens, config } = await encode(pixels);
  const side = MOSAIC_SIDE / config.patchSize;
  const form = { kind: "linear", width: config.hiddenSize, classes: FAMILIES.length } as const;
  await using session = await createTrainingSession(createNodeRuntime(), {
    model: segmentationHead(form, {
      batch: COUNT,
      grid: { rows: side, columns: side },
      state: initialSegmentationHead(form, { seed: 1 }),
    }),
    loss: segmentationLoss(form, { batch: COUNT, height: MOSAIC_SIDE, width: MOSAIC_SIDE }),
    ...segmentationSettings({
      rate: 1e-2,
      updates: UPDATES,
      warmup: 1,
      weightDecay: 0,
      layerDecay: 1,
      layers: config.numHiddenLayers,
      seed: 1,
    }),
  });
  for (let update = 0; update < UPDATES; update++) {
    await session.step({
      "taps.0": tokens,
      labels: { dtype: "uint8", shape: [COUNT, MOSAIC_SIDE, MOSAIC_SIDE], data: labels },
    });
  }
  const metadata = encodeHeadFacts({
    ...FACTS,
    form,
    blocks: [config.numHiddenLayers - 1],
    encoder: {
      name: "Small InternViT, random weights",
      checkpointHash: null,
      trained: false,
      config: json(config),
    },
  });
  return Buffer.from(
    encodeSegmentationHead(await session.weights(), { updates: UPDATES, metadata }),
  );
}

/** A head that was trained with its encoder, which is another one than the page's. It has learnt nothing. */
export async function headWithEncoder(): Promise<Buffer> {
  const checkpoint = await openCheckpoint(fixturePath("tiny-layernorm"));
  const { config } = checkpoint;
  const taps = [config.numHiddenLayers - 1];
  const form = { kind: "linear", width: config.hiddenSize, classes: FAMILIES.length } as const;
  const { parameters, buffers } = initialSegmentationHead(form, { seed: 1 });
  const encoder = await trainedEncoder(checkpoint, {
    size: config.imageSize,
    taps,
    dropPathRate: 0,
  });
  const metadata = encodeHeadFacts({
    ...FACTS,
    inference: { ...FACTS.inference, shortSide: config.imageSize, mode: { kind: "whole" } },
    form,
    blocks: taps,
    encoder: { name: "tiny-layernorm", checkpointHash: null, trained: true, config: json(config) },
  });
  const weights = { ...encoder.parameters, ...parameters, ...buffers };
  return Buffer.from(encodeSegmentationHead(weights, { updates: 0, metadata }));
}

function json(config: EncoderConfig): SegmentationHeadFacts["encoder"]["config"] {
  return encoderConfigJson(config) as SegmentationHeadFacts["encoder"]["config"];
}

/** The last block's tokens of mosaics, of the page's own encoder. */
async function encode(
  data: Uint8Array,
): Promise<{ readonly tokens: Tensor<"float32">; readonly config: EncoderConfig }> {
  const folder = await mkdtemp(join(tmpdir(), "internvit-demo-"));
  try {
    for (const [name, file] of makeRandomModel()) {
      await writeFile(join(folder, name), new Uint8Array(await file.arrayBuffer()));
    }
    await using encoder = await createVisionEncoder(folder, {
      outputs: ["hidden_states.4"],
      inputSize: { height: MOSAIC_SIDE, width: MOSAIC_SIDE },
      normalization: SEGMENTATION_NORMALIZATION,
    });
    const features = await encoder.encode({
      dtype: "uint8",
      shape: [COUNT, MOSAIC_SIDE, MOSAIC_SIDE, 3],
      data,
    });
    return { tokens: featureOf(features, "hidden_states.4"), config: encoder.config };
  } finally {
    await rm(folder, { recursive: true });
  }
}

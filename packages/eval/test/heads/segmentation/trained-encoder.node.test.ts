// Full tuning on the small checkpoints, at crops that are larger than the encoder's pictures.

import { readFile } from "node:fs/promises";

import {
  buildEncoderGraph,
  bytesSource,
  type Checkpoint,
  readCheckpoint,
  resolveEncoderWeights,
  type Tensor,
} from "@internvit/model-core";
import {
  channelMasks,
  decodeSegmentationHead,
  encodeSegmentationHead,
  initialSegmentationHead,
  segmentationHead,
  segmentationLoss,
  segmentationSettings,
  trainedEncoder,
  tunedSegmentation,
} from "@internvit/eval";
import { createNodeRuntime } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { createTrainingSession, type Tensors, type TrainingModel } from "@internvit/train";
import { expect, test } from "vitest";

async function checkpointOf(folder: string): Promise<Checkpoint> {
  const open = (name: string) =>
    readFile(fixturePath(folder, name)).then(bytesSource, () => undefined);
  return readCheckpoint({ label: folder, open });
}

const checkpoint = await checkpointOf("tiny-layernorm");
const { hiddenSize: width, patchSize, imageSize } = checkpoint.config;
const size = imageSize + 2 * patchSize;
const side = size / patchSize;
const BATCH = 2;
const TAPS = [0, 1, 2, 2];
const FORM = { kind: "upernet", width, classes: 3, channels: 8, auxiliaryLevel: 2 } as const;
const state = initialSegmentationHead(FORM, { seed: 2 });
const encoder = await trainedEncoder(checkpoint, { size, taps: TAPS, dropPathRate: 0.4 });
const pixels: Tensor = {
  dtype: "float32",
  shape: [BATCH, 3, size, size],
  data: Float32Array.from({ length: BATCH * 3 * size ** 2 }, (_, at) => Math.sin(at * at)),
};
/** Three bands from left to right, and a frame's upper edge that is ignored. */
const labels: Tensor = {
  dtype: "uint8",
  shape: [BATCH, size, size],
  data: Uint8Array.from({ length: BATCH * size ** 2 }, (_, at) =>
    at % size ** 2 < 3 * size ? 255 : Math.floor((3 * (at % size)) / size),
  ),
};

function sessionOf(model: TrainingModel) {
  return createTrainingSession(createNodeRuntime(), {
    model,
    loss: segmentationLoss(FORM, { batch: BATCH, height: size, width: size }),
    ...segmentationSettings({
      rate: 1e-2,
      updates: 100,
      warmup: 0,
      weightDecay: 0.05,
      layerDecay: 0.95,
      layers: 4,
      seed: 1,
    }),
  });
}

function largestGap(left: Tensor, right: Tensor): number {
  const other = right.data as Float32Array;
  return (left.data as Float32Array).reduce(
    (most, value, at) => Math.max(most, Math.abs(value - other[at]!)),
    0,
  );
}

test("a head gives the same logits on a frozen encoder's outputs and on the encoder that is trained with it", async () => {
  const graph = buildEncoderGraph(
    { config: checkpoint.config, weights: resolveEncoderWeights(checkpoint) },
    {
      inputSize: { height: size, width: size },
      outputs: [...new Set(TAPS)].map((tap) => `hidden_states.${tap + 1}` as const),
    },
  );
  const frozen = createNodeRuntime({ directory: fixturePath("tiny-layernorm") });
  await using features = await frozen.load(graph);
  const hidden = await features.run({ pixel_values: pixels });
  const taps = Object.fromEntries(
    TAPS.map((tap, at) => [`taps.${at}`, hidden[`hidden_states.${tap + 1}`]!]),
  );
  const upsampleTo = { height: size, width: size };
  await using head = await sessionOf(
    segmentationHead(FORM, {
      batch: BATCH,
      state,
      grid: { rows: side, columns: side },
      upsampleTo,
    }),
  );
  await using tuned = await sessionOf(tunedSegmentation(FORM, { batch: BATCH, state, encoder }));
  const { outputs: apart } = await head.evaluate(taps);
  const { outputs: together } = await tuned.evaluate({ pixel_values: pixels });
  expect(together["logits"]!.shape).toEqual([BATCH, 3, 4 * side, 4 * side]);
  expect(largestGap(together["logits"]!, apart["logits"]!)).toBeLessThan(1e-6);
  expect(apart["upsampled"]!.shape).toEqual([BATCH, 3, size, size]);
});

test("full tuning learns, and its file holds whole tensors under published names", async () => {
  await using session = await sessionOf(tunedSegmentation(FORM, { batch: BATCH, state, encoder }));
  const masks = channelMasks(FORM, { batch: BATCH, seed: 1 });
  const dropPath = encoder.dropPath({ batch: BATCH, seed: 1 });
  const losses: number[] = [];
  for (let step = 0; step < 6; step++) {
    const batch = { pixel_values: pixels, labels, ...masks(step), ...dropPath(step) };
    losses.push((await session.step(batch)).loss);
  }
  expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]!);

  const metadata = { classes: "3" };
  const bytes = encodeSegmentationHead(await session.weights(), { updates: 6, metadata });
  const { weights } = await decodeSegmentationHead(bytes, { subject: "head.safetensors" });
  const shapes = Object.fromEntries(
    Object.entries(weights).map(([name, { shape }]) => [name, shape]),
  );
  expect(shapes).toMatchObject({
    "backbone.cls_token": [1, 1, width],
    "backbone.pos_embed": [1, 1 + side ** 2, width],
    "backbone.patch_embed.proj.weight": [width, 3, patchSize, patchSize],
    "backbone.blocks.2.attn.qkv.weight": [3 * width, width],
    "backbone.blocks.2.attn.qkv.bias": [3 * width],
    "backbone.blocks.0.ls1.gamma": [width],
    "backbone.up2.0.weight": [width, width, 2, 2],
    "decode_head.conv_seg.bias": [3],
    "auxiliary_head.convs.0.bn.running_var": [8],
  });
  // No part, no counter; no block after the last one that is read.
  expect(Object.keys(weights).filter((name) => /@|num_batches|blocks\.3/.test(name))).toEqual([]);
});

function sorted(tensors: Tensors): readonly (readonly [string, Tensor])[] {
  return Object.entries(tensors).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

test("names and values do not depend on how the encoder's checkpoint calls and orders them", async () => {
  const options = { size, taps: [3], dropPathRate: 0 };
  const other = await trainedEncoder(await checkpointOf("tiny-transformers-native"), options);
  const own = await trainedEncoder(checkpoint, options);
  expect(sorted(other.parameters)).toEqual(sorted(own.parameters));
});

test("drop path rises to its rate in the encoder's last block, also where that is left out", () => {
  // Three of four blocks: rates 0, 0.4/3 and 0.8/3.
  const factors = new Set<number>();
  const draw = encoder.dropPath({ batch: 8, seed: 3 });
  for (let step = 0; step < 8; step++) {
    for (const value of draw(step)["drop_path"]!.data as Float32Array) factors.add(value);
  }
  const rates = [0, 0.4 / 3, 0.8 / 3];
  expect([...factors].toSorted((a, b) => a - b)).toEqual([
    0,
    ...rates.map((rate) => expect.closeTo(1 / (1 - rate), 6)),
  ]);
});

test("refuses sizes, blocks, rates and encoders that do not fit", async () => {
  const options = { size, taps: TAPS, dropPathRate: 0 };
  await expect(trainedEncoder(checkpoint, { ...options, size: size + 1 })).rejects.toThrow(
    /size: expected a multiple of the patch, 14 pixels, got 141/,
  );
  await expect(trainedEncoder(checkpoint, { ...options, taps: [1, 4] })).rejects.toThrow(
    /taps: expected blocks from 0 to 3, got 4/,
  );
  await expect(trainedEncoder(checkpoint, { ...options, dropPathRate: 1 })).rejects.toThrow(
    /dropPathRate: expected a number in \[0, 1\), got 1/,
  );
  const linear = { kind: "linear", width, classes: 3 } as const;
  const head = initialSegmentationHead(linear, { seed: 0 });
  expect(() => tunedSegmentation(linear, { batch: BATCH, state: head, encoder })).toThrow(
    /the linear head reads 1 blocks of width 64, the encoder gives 4/,
  );
});

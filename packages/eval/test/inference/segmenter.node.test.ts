// Heads on the golden encoder: what a stored head gives is what the training session gives.

import {
  createSegmenter,
  encodeHeadFacts,
  encodeSegmentationHead,
  headCheckpoint,
  initialSegmentationHead,
  isEvalError,
  type OpenEncoders,
  readSegmentationHead,
  SEGMENTATION_NORMALIZATION,
  segmentationHead,
  type SegmentationForm,
  type SegmentationHeadFacts,
  segmentationLoss,
  segmentationSettings,
  segmentImage,
  trainedEncoder,
  tunedSegmentation,
} from "@internvit/eval";
import { encoderConfigJson, type Tensor, type VisionEncoder } from "@internvit/model-core";
import { toPixelValues } from "@internvit/preprocess";
import { createNodeRuntime, createVisionEncoder, openCheckpoint } from "@internvit/runtime-node";
import { createRandom, fixturePath } from "@internvit/test-kit";
import { createTrainingSession, type Tensors, type TrainingModel } from "@internvit/train";
import { expect, test } from "vitest";

import { noiseImage } from "../augment/noise-image.ts";

const runtime = createNodeRuntime({ threads: 1 });
const checkpoint = await openCheckpoint(fixturePath("tiny-layernorm"));
const { hiddenSize: width, patchSize, imageSize } = checkpoint.config;
const size = imageSize;
const side = size / patchSize;
const CLASSES = ["road", "sky", "tree"];
const LINEAR = { kind: "linear", width, classes: 3 } as const;
const UPERNET = { kind: "upernet", width, classes: 3, channels: 8, auxiliaryLevel: 2 } as const;
const BLOCKS = { linear: [2], upernet: [0, 1, 2, 3] } as const;
const random = createRandom(5);
const image = noiseImage(random, { width: 150, height: 190 });
const windows = [0, 1].map(() => noiseImage(random, { width: size, height: size }));
const pixels: Tensor<"uint8"> = {
  dtype: "uint8",
  shape: [2, size, size, 3],
  data: Uint8Array.from(windows.flatMap(({ data }) => [...data])),
};

const opened: { readonly outputs: readonly string[]; readonly width: number }[] = [];
const openEncoders: OpenEncoders = async ({ inputSize, outputs }) => {
  opened.push({ outputs, width: inputSize.width });
  const options = { inputSize, outputs, normalization: SEGMENTATION_NORMALIZATION, threads: 1 };
  return [await createVisionEncoder(checkpoint, options)];
};

function factsOf(
  form: SegmentationForm,
  encoder: Partial<SegmentationHeadFacts["encoder"]> = {},
): SegmentationHeadFacts {
  return {
    form,
    classes: CLASSES,
    blocks: BLOCKS[form.kind],
    inference: {
      shortSide: size + patchSize,
      mode: { kind: "slide", window: size, stride: 70 },
      scales: [1],
      flip: false,
    },
    protocol: { name: "test", hash: "ab".repeat(32) },
    iteration: 2,
    encoder: {
      name: "tiny-layernorm",
      checkpointHash: null,
      trained: false,
      config: JSON.parse(JSON.stringify(encoderConfigJson(checkpoint.config))),
      ...encoder,
    },
  };
}

/** A session of a model, after two updates on noise. */
async function trained(form: SegmentationForm, model: TrainingModel, batch: Tensors) {
  const session = await createTrainingSession(runtime, {
    model,
    loss: segmentationLoss(form, { batch: 2, height: size, width: size }),
    ...segmentationSettings({
      rate: 1e-2,
      updates: 10,
      warmup: 0,
      weightDecay: 0.05,
      layerDecay: 1,
      layers: 4,
      seed: 1,
    }),
  });
  const labels = Uint8Array.from({ length: 2 * size * size }, () => random.below(3));
  const kept = {
    dtype: "float32",
    shape: [2, 8],
    data: new Float32Array(16).fill(1),
  } as const;
  const masks =
    form.kind === "linear"
      ? {}
      : { "decode_head.kept_channels": kept, "auxiliary_head.kept_channels": kept };
  for (let step = 0; step < 2; step++) {
    await session.step({
      ...batch,
      ...masks,
      labels: { dtype: "uint8", shape: [2, size, size], data: labels },
    });
  }
  return session;
}

function fileOf(weights: Tensors, facts: SegmentationHeadFacts) {
  const metadata = encodeHeadFacts(facts);
  return readSegmentationHead(encodeSegmentationHead(weights, { updates: 2, metadata }), {
    subject: "head.safetensors",
  });
}

function largestGap(left: Tensor, right: Tensor): number {
  expect(left.shape).toEqual(right.shape);
  return (left.data as Float32Array).reduce(
    (most, value, at) => Math.max(most, Math.abs(value - Number(right.data[at]))),
    0,
  );
}

test.each([LINEAR, UPERNET])(
  "a $kind head on a frozen encoder gives the logits of its training session",
  async (form) => {
    const taps = BLOCKS[form.kind];
    const state = initialSegmentationHead(form, { seed: 2 });
    const model = segmentationHead(form, { batch: 2, state, grid: { rows: side, columns: side } });
    const [encoder] = await openEncoders({
      inputSize: { width: size, height: size },
      outputs: taps.map((tap) => `hidden_states.${tap + 1}` as const),
    });
    const { hiddenStates = {} } = await encoder!.encode(pixels);
    await encoder!.dispose();
    const batch = Object.fromEntries(taps.map((tap, at) => [`taps.${at}`, hiddenStates[tap + 1]!]));
    await using session = await trained(form, model, batch);
    const { outputs } = await session.evaluate(batch);

    const head = await fileOf(await session.weights(), factsOf(form));
    await using segmenter = await createSegmenter(runtime, { head, openEncoders, batch: 2 });
    const logits = await segmenter.logits.run(pixels);
    expect(largestGap(logits, outputs["logits"]!)).toBeLessThan(1e-6);
    const label = await segmenter.segment(image);
    expect(label).toEqual(
      await segmentImage(image, { logits: segmenter.logits, settings: segmenter.facts.inference }),
    );
    expect([label.width, label.height]).toEqual([150, 190]);
    expect(new Set(label.data).size).toBeGreaterThan(1);
  },
);

test("a head with the encoder that was trained with it needs no other encoder", async () => {
  const own = await trainedEncoder(checkpoint, { size, taps: BLOCKS.upernet, dropPathRate: 0 });
  const state = initialSegmentationHead(UPERNET, { seed: 2 });
  const model = tunedSegmentation(UPERNET, { batch: 2, state, encoder: own });
  const batch = { pixel_values: toPixelValues(windows, SEGMENTATION_NORMALIZATION) };
  await using session = await trained(UPERNET, model, batch);
  const { outputs } = await session.evaluate(batch);
  const head = await fileOf(await session.weights(), factsOf(UPERNET, { trained: true }));
  await using segmenter = await createSegmenter(runtime, { head });
  const logits = await segmenter.logits.run(pixels);
  expect(largestGap(logits, outputs["logits"]!)).toBeLessThan(1e-6);

  const { config, tensors } = await headCheckpoint(head);
  expect(config).toMatchObject({ hiddenSize: width, numHiddenLayers: 4, imageSize: size });
  expect(tensors.has("backbone.pos_embed")).toBe(true);
});

test("encoders are opened for every size of windows, and few sizes are kept", async () => {
  const state = initialSegmentationHead(LINEAR, { seed: 2 });
  const head = await fileOf({ ...state.parameters, ...state.buffers }, factsOf(LINEAR));
  opened.length = 0;
  let alive = 0;
  const counted: OpenEncoders = async (options) => {
    const encoders: readonly VisionEncoder[] = await openEncoders(options);
    alive += encoders.length;
    return encoders.map((encoder) => ({
      ...encoder,
      dispose: () => {
        alive--;
        return encoder.dispose();
      },
    }));
  };
  const segmenter = await createSegmenter(runtime, { head, openEncoders: counted });
  expect(opened).toEqual([{ outputs: ["hidden_states.3"], width: size }]);
  const settings = { ...segmenter.facts.inference, mode: { kind: "whole" } } as const;
  const label = await segmenter.segment(image, {
    settings: { ...settings, scales: [0.5, 1, 0.7] },
  });
  expect(label.data.length).toBe(150 * 190);
  expect(opened.length).toBe(4);
  expect(alive).toBe(2);
  await segmenter.dispose();
  expect(alive).toBe(0);
});

test("refuses an encoder that is not the head's", async () => {
  const state = initialSegmentationHead(LINEAR, { seed: 2 });
  const weights = { ...state.parameters, ...state.buffers };
  const refused = async (
    changed: Partial<SegmentationHeadFacts["encoder"]>,
    options: { readonly allowOtherCheckpoint?: boolean } = {},
  ): Promise<string> => {
    const head = await fileOf(weights, factsOf(LINEAR, changed));
    return createSegmenter(runtime, { head, openEncoders, ...options }).then(
      async (segmenter) => segmenter.dispose().then(() => "nothing"),
      (error: unknown) => (isEvalError(error) ? `${error.code}: ${error.message}` : String(error)),
    );
  };
  const config = encoderConfigJson({ ...checkpoint.config, numHiddenLayers: 9 });
  expect(await refused({ config: JSON.parse(JSON.stringify(config)) })).toMatch(
    /^mismatch: head.safetensors: trained on tiny-layernorm; .* numHiddenLayers 9, got .* with 4$/,
  );
  const other = { checkpointHash: "cd".repeat(32) };
  expect(await refused(other)).toMatch(/^mismatch: .* SHA-256 (cd){32}, got .* with [0-9a-f]{64}$/);
  expect(await refused(other, { allowOtherCheckpoint: true })).toBe("nothing");
  const head = await fileOf(weights, factsOf(LINEAR));
  await expect(createSegmenter(runtime, { head })).rejects.toThrow(/expected openEncoders/);
  await expect(headCheckpoint(head)).rejects.toThrow(/a head on a frozen encoder/);
});

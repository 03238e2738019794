import { type EncoderConfig, encoderConfigJson, getPreset } from "@internvit/model-core";
import { expect, test } from "vitest";

import {
  type ChosenHead,
  doubtWords,
  type ModelFacts,
  unfitWords,
} from "../src/model/segmentation-head.ts";

const { config } = getPreset("InternViT-300M-448px-V2_5");

function head(encoder: Partial<ChosenHead["facts"]["encoder"]> = {}): ChosenHead {
  return {
    file: new File([], "head.safetensors"),
    config,
    facts: {
      form: { kind: "linear", width: config.hiddenSize, classes: 2 },
      classes: ["sky", "ground"],
      blocks: [23],
      inference: { shortSide: 504, mode: { kind: "whole" }, scales: [1], flip: false },
      protocol: { name: "report-linear", hash: "0".repeat(64) },
      iteration: 80_000,
      encoder: {
        name: "InternViT-300M-448px-V2_5",
        checkpointHash: "a".repeat(64),
        trained: false,
        config: encoderConfigJson(config) as ChosenHead["facts"]["encoder"]["config"],
        ...encoder,
      },
    },
  };
}

function model(own: Partial<EncoderConfig> = {}, checkpointHash?: string): ModelFacts {
  return {
    name: "Another one",
    encoder: {
      config: { ...config, ...own },
      info: checkpointHash === undefined ? {} : { checkpointHash },
    },
  };
}

test("a head fits the weights that it was trained on, at any size of pictures", () => {
  const used = model({ imageSize: 224 }, "a".repeat(64));
  expect(unfitWords(head(), used)).toBeUndefined();
  expect(doubtWords(head(), used)).toBeUndefined();
});

test("other weights of the same architecture are refused where both say theirs, else there is doubt", () => {
  expect(unfitWords(head(), model({}, "b".repeat(64)))).toBe(
    "head.safetensors was trained on InternViT-300M-448px-V2_5; the model in use is Another one, which has other weights. It means nothing there.",
  );
  for (const [of, used] of [
    [head(), model()],
    [head({ checkpointHash: null }), model({}, "b".repeat(64))],
  ] as const) {
    expect(unfitWords(of, used)).toBeUndefined();
    expect(doubtWords(of, used)).toMatch(/^Another one has the form of InternViT-300M-448px-V2_5;/);
  }
});

test.each([{ hiddenSize: 512 }, { numHiddenLayers: 12 }, { normType: "rms_norm" as const }])(
  "another architecture is refused: %o",
  (own) => {
    expect(unfitWords(head(), model(own, "a".repeat(64)))).toContain(
      "was trained on InternViT-300M-448px-V2_5 (1024 wide, 24 blocks); the model in use is Another one",
    );
    // Unless the head has an encoder of its own.
    expect(unfitWords(head({ trained: true }), model(own))).toBeUndefined();
    expect(doubtWords(head({ trained: true }), model(own))).toBeUndefined();
  },
);

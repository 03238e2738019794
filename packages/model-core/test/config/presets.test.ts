import { describe, expect, it } from "vitest";
import { expectedTensors } from "../../src/checkpoint/expected-tensors.ts";
import { tokensPerTile } from "../../src/config/chat-config.ts";
import {
  chatConfigJson,
  encoderConfigJson,
  preprocessorConfigJson,
} from "../../src/config/config-json.ts";
import { countParameters, countProjectorParameters } from "../../src/config/count-parameters.ts";
import { parseEncoderConfig } from "../../src/config/parse-encoder-config.ts";
import { getPreset, presetNames } from "../../src/config/presets.ts";
import { elementCount } from "../../src/tensor.ts";
import { modelErrorOf } from "../model-error-of.ts";

describe("presets", () => {
  // The published sizes: 608 MB in bf16; "5903 M" on the card of the 224 px model.
  it.each([
    ["InternViT-300M-448px-V2_5", 304_012_288],
    ["InternViT-300M-448px", 304_012_288],
    ["InternViT-6B-448px-V2_5", 5_536_496_000],
    ["InternViT-6B-448px-V1-5", 5_536_496_000],
    ["InternViT-6B-448px-V1-2", 5_536_496_000],
    ["InternViT-6B-448px-V1-0", 5_905_251_200],
    ["InternViT-6B-224px", 5_902_793_600],
  ])("%s has %i parameters", (name, parameters) => {
    expect(countParameters(getPreset(name).config)).toBe(parameters);
  });

  it("are all there", () => {
    expect(presetNames).toHaveLength(14);
  });

  // 4096 or 12,800 channels after pixel unshuffle: norm 2n, linear n·T + T and T·T + T.
  it.each([
    ["InternVL2_5-1B", 4_482_816],
    ["InternVL2_5-2B", 12_595_200],
    ["InternVL2_5-8B", 33_570_816],
    ["InternVL2_5-26B", 116_429_824],
    ["InternVL2_5-78B", 172_008_448],
  ])("%s has a projector of %i parameters", (name, parameters) => {
    const { config, chat } = getPreset(name);
    expect(countProjectorParameters(config, chat!)).toBe(parameters);
  });

  it.each(presetNames)("%s: the count is that of its tensors", (name) => {
    const { config } = getPreset(name);
    const tensors = expectedTensors(config, { scheme: "standalone", prefix: "" });
    const sum = [...tensors.values()].reduce((total, shape) => total + elementCount(shape), 0);
    expect(countParameters(config)).toBe(sum);
  });

  it.each(presetNames)("%s survives being written and read", (name) => {
    const { config } = getPreset(name);
    expect(parseEncoderConfig(encoderConfigJson(config))).toEqual({ layout: "standalone", config });
  });

  it.each(presetNames.filter((name) => name.startsWith("InternVL")))(
    "%s survives being written and read as a chat model",
    (name) => {
      const { config, chat } = getPreset(name);
      const json = chatConfigJson(config, { chat: chat! });
      expect(parseEncoderConfig(json)).toEqual({ layout: "chat", config, chat });
      expect(tokensPerTile(config, chat!)).toBe(256);
    },
  );

  it("of another name are refused with the list", async () => {
    const error = await modelErrorOf(() => getPreset("InternViT-7B"));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toContain("InternViT-7B");
    for (const name of presetNames) expect(error.message).toContain(name);
  });
});

describe("preprocessorConfigJson", () => {
  it("has the published file's length in bytes", () => {
    expect(`${JSON.stringify(preprocessorConfigJson(448), null, 2)}\n`).toHaveLength(287);
  });
});

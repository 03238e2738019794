import { describe, expect, it } from "vitest";

import { tokensPerTile } from "../../src/config/chat-config.ts";
import { encoderConfigJson } from "../../src/config/config-json.ts";
import { parseEncoderConfig } from "../../src/config/parse-encoder-config.ts";
import { getPreset } from "../../src/config/presets.ts";
import type { ModelError } from "../../src/errors.ts";
import { modelErrorOf } from "../model-error-of.ts";

const vision_config = encoderConfigJson(getPreset("InternViT-300M-448px-V2_5").config);
const chat = { model_type: "internvl_chat", vision_config };
const native = {
  model_type: "internvl",
  vision_config: { model_type: "internvl_vision", image_size: [448, 448] },
};

function refusal(json: unknown): Promise<ModelError> {
  return modelErrorOf(() => parseEncoderConfig(json));
}

describe("the chat level of a config.json", () => {
  it("is not there for an encoder alone", () => {
    expect(parseEncoderConfig(vision_config).chat).toBeUndefined();
    expect(parseEncoderConfig(native.vision_config).chat).toBeUndefined();
  });

  it("is read as a chat model writes it", () => {
    const json = {
      ...chat,
      downsample_ratio: 0.25,
      dynamic_image_size: true,
      force_image_size: 224,
      llm_config: { architectures: ["Qwen2ForCausalLM"], hidden_size: 896 },
      min_dynamic_patch: 2,
      max_dynamic_patch: 9,
      pad2square: true,
      ps_version: "v2",
      select_layer: -4,
      template: "internvl2_5",
      use_thumbnail: true,
    };
    const { chat: read, config } = parseEncoderConfig(json);
    expect(read).toEqual({
      downsampleRatio: 0.25,
      pixelShuffleVersion: "v2",
      selectLayer: -4,
      imageSize: 224,
      projectorWidth: 896,
      minTiles: 2,
      maxTiles: 9,
      useThumbnail: true,
      padToSquare: true,
      template: "internvl2_5",
    });
    expect(config.imageSize).toBe(448);
    expect(tokensPerTile(config, read!)).toBe(16);
  });

  it("has the defaults of the Python class where fields are absent or null", () => {
    const expected = {
      downsampleRatio: 0.5,
      pixelShuffleVersion: "v1",
      selectLayer: -1,
      imageSize: 448,
      minTiles: 1,
      maxTiles: 1,
      useThumbnail: false,
      padToSquare: false,
      template: undefined,
    };
    expect(parseEncoderConfig(chat).chat).toEqual(expected);
    const nulls = { ...chat, force_image_size: null, template: null, llm_config: null };
    expect(parseEncoderConfig(nulls).chat).toEqual(expected);
    const dynamic = { ...chat, dynamic_image_size: true };
    expect(parseEncoderConfig(dynamic).chat).toEqual({ ...expected, maxTiles: 6 });
  });

  it("says one tile for a model without dynamic tiling, whatever the tile counts are", () => {
    const json = { ...chat, dynamic_image_size: false, min_dynamic_patch: 3, max_dynamic_patch: 9 };
    expect(parseEncoderConfig(json).chat).toMatchObject({ minTiles: 1, maxTiles: 1 });
  });

  it("is read from transformers' fields: always v2, tiled as its processor does", () => {
    const { chat: read } = parseEncoderConfig({
      ...native,
      text_config: { model_type: "qwen2", hidden_size: 896 },
      vision_feature_layer: -2,
    });
    expect(read).toEqual({
      downsampleRatio: 0.5,
      pixelShuffleVersion: "v2",
      selectLayer: -2,
      imageSize: 448,
      projectorWidth: 896,
      minTiles: 1,
      maxTiles: 12,
      useThumbnail: true,
      padToSquare: false,
      template: undefined,
    });
    expect(parseEncoderConfig(native).chat).toMatchObject({ selectLayer: -1 });
  });

  it.each([
    ["select_layer", 25, "malformed", "expected a layer from -25 to 24, found 25"],
    ["select_layer", -26, "malformed", "expected a layer from -25 to 24, found -26"],
    ["select_layer", 0.5, "malformed", "expected a whole number, found 0.5"],
    ["select_layer", "last", "malformed", 'expected a whole number, found "last"'],
    ["downsample_ratio", 0.3, "unsupported", "expected 1/r with a whole number r"],
    ["downsample_ratio", 0, "malformed", "expected a number above 0, found 0"],
    ["downsample_ratio", 2, "malformed", "expected a number of at most 1, found 2"],
    ["ps_version", "v3", "unsupported", 'expected v1 or v2, found "v3"'],
    ["force_image_size", 450, "unsupported", "expected a multiple of 28"],
    ["force_image_size", 42, "unsupported", "expected a multiple of 28"],
    ["force_image_size", 28_000, "unsupported", "expected at most 16384, found 28000"],
    ["force_image_size", -448, "malformed", "expected a whole number above 0"],
    ["max_dynamic_patch", 0, "malformed", "expected a whole number above 0, found 0"],
    ["max_dynamic_patch", 100_000, "unsupported", "expected at most 4096, found 100000"],
    ["min_dynamic_patch", 7, "malformed", "max_dynamic_patch: expected at least"],
    ["use_thumbnail", "yes", "malformed", 'expected true or false, found "yes"'],
    ["llm_config", { hidden_size: 1e6 }, "unsupported", "llm_config.hidden_size: expected at most"],
    ["llm_config", 5, "malformed", "expected an object, found 5"],
  ])("is refused with %s %j", async (field, value, code, message) => {
    const error = await refusal({ ...chat, dynamic_image_size: true, [field]: value });
    expect(error).toMatchObject({ code, subject: "config.json" });
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/^config\.json: [a-z_0-9.]+: expected/);
  });

  it("names the vision config when the tile side comes from there", async () => {
    const json = { ...chat, vision_config: { ...vision_config, image_size: 42 } };
    expect((await refusal(json)).message).toContain(
      "vision_config.image_size: expected a multiple",
    );
  });

  it.each([
    ["vision_feature_layer", [-1, -2], "expected one layer as a whole number, found an array of 2"],
    ["vision_feature_layer", 99, "vision_feature_layer: expected a layer from -25 to 24"],
    ["vision_feature_select_strategy", "full", 'expected "default" (without the class token)'],
    ["projector_hidden_act", "silu", 'expected gelu, found "silu"'],
    ["downsample_ratio", 0.4, "downsample_ratio: expected 1/r"],
  ])("of transformers is refused with %s %j", async (field, value, message) => {
    const error = await refusal({ ...native, [field]: value });
    expect(error.message).toContain(message);
  });
});

describe("tokensPerTile", () => {
  it("counts the cells after pixel unshuffle", () => {
    expect(tokensPerTile({ patchSize: 14 }, { imageSize: 448, downsampleRatio: 0.5 })).toBe(256);
    expect(tokensPerTile({ patchSize: 14 }, { imageSize: 448, downsampleRatio: 1 })).toBe(1024);
    expect(tokensPerTile({ patchSize: 14 }, { imageSize: 224, downsampleRatio: 0.5 })).toBe(64);
  });

  it("refuses tiles whose patches cannot be merged", () => {
    expect(() =>
      tokensPerTile({ patchSize: 14 }, { imageSize: 434, downsampleRatio: 0.5 }),
    ).toThrow(/a multiple of 2, got 31×31/);
  });
});

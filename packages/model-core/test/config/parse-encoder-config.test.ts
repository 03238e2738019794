import { describe, expect, it } from "vitest";
import { encoderConfigJson } from "../../src/config/config-json.ts";
import { parseEncoderConfig } from "../../src/config/parse-encoder-config.ts";
import { getPreset } from "../../src/config/presets.ts";
import { modelErrorOf } from "../model-error-of.ts";

const base = encoderConfigJson(getPreset("InternViT-300M-448px-V2_5").config);
const native = { model_type: "internvl_vision" };

describe("parseEncoderConfig", () => {
  it("reads the stand-alone layout", () => {
    expect(parseEncoderConfig(base)).toEqual({
      layout: "standalone",
      config: getPreset("InternViT-300M-448px-V2_5").config,
    });
  });

  it("reads the vision_config of a chat model, with or without its own model_type", () => {
    const { model_type: _, ...untyped } = base;
    for (const vision_config of [base, untyped]) {
      const parsed = parseEncoderConfig({ model_type: "internvl_chat", vision_config });
      expect(parsed).toMatchObject({ ...parseEncoderConfig(base), layout: "chat", chat: {} });
    }
  });

  it("reads transformers' fields, alone and nested, sizes as pairs or numbers", () => {
    const json = {
      ...native,
      attention_bias: true,
      use_qk_norm: false,
      image_size: [448, 448],
      patch_size: 14,
      layer_scale_init_value: 1,
    };
    const expected = { ...getPreset("InternViT-300M-448px-V2_5").config, dropPathRate: 0 };
    expect(parseEncoderConfig(json)).toEqual({ layout: "transformers", config: expected });
    expect(parseEncoderConfig({ model_type: "internvl", vision_config: json })).toMatchObject({
      layout: "transformers",
      config: expected,
    });
  });

  it("finds the layout by class name when model_type is absent", () => {
    const { model_type: _, ...rest } = base;
    expect(parseEncoderConfig(rest).layout).toBe("standalone");
    expect(parseEncoderConfig({ architectures: ["InternVLVisionModel"] }).layout).toBe(
      "transformers",
    );
  });

  it("fills absent fields with the defaults of the Python classes", () => {
    expect(parseEncoderConfig({ model_type: "intern_vit_6b" }).config).toEqual({
      hiddenSize: 3200,
      numHiddenLayers: 48,
      numAttentionHeads: 25,
      intermediateSize: 12_800,
      imageSize: 224,
      patchSize: 14,
      numChannels: 3,
      qkvBias: false,
      qkNormalization: true,
      normType: "rms_norm",
      layerNormEps: 1e-6,
      hiddenAct: "gelu",
      dropPathRate: 0,
      initializerFactor: 0.1,
      initializerRange: 0.02,
    });
    expect(parseEncoderConfig(native).config).toMatchObject({
      hiddenSize: 1024,
      numHiddenLayers: 24,
      qkvBias: false,
      qkNormalization: false,
      normType: "layer_norm",
      imageSize: 448,
    });
  });

  it("leaves fields that it does not know alone", () => {
    const json = JSON.parse(
      `{"model_type": "intern_vit_6b", "__proto__": {"hidden_size": 7}, "constructor": 1}`,
    );
    expect(parseEncoderConfig(json).config.hiddenSize).toBe(3200);
  });
});

function rows(
  cases: readonly (readonly [json: unknown, message: string])[],
): { json: unknown; message: string }[] {
  return cases.map(([json, message]) => ({ json, message }));
}

describe("parseEncoderConfig refuses", () => {
  it.each(
    rows([
      [
        { ...base, hidden_size: "1024" },
        'hidden_size: expected a whole number above 0, found "1024"',
      ],
      [
        { ...base, hidden_size: 1024.5 },
        "hidden_size: expected a whole number above 0, found 1024.5",
      ],
      [{ ...base, hidden_size: null }, "hidden_size: expected a whole number above 0, found null"],
      [
        { ...base, num_hidden_layers: 0 },
        "num_hidden_layers: expected a whole number above 0, found 0",
      ],
      [
        { ...base, num_hidden_layers: -1 },
        "num_hidden_layers: expected a whole number above 0, found -1",
      ],
      [{ ...base, hidden_size: 1e300 }, "hidden_size: expected"],
      [{ ...base, qkv_bias: "false" }, 'qkv_bias: expected true or false, found "false"'],
      [{ ...base, layer_norm_eps: 0 }, "layer_norm_eps: expected a number above 0, found 0"],
      [
        { ...base, layer_norm_eps: [1e-6] },
        "layer_norm_eps: expected a number, found an array of 1",
      ],
      [{ ...base, drop_path_rate: 1 }, "drop_path_rate: expected a number below 1, found 1"],
      [{ ...base, norm_type: 3 }, "norm_type: expected a string, found 3"],
      [
        { ...base, num_attention_heads: 15 },
        "num_attention_heads: expected a divisor of hidden_size 1024, found 15",
      ],
      [{ model_type: 5 }, "model_type: expected a string, found 5"],
      [{ model_type: "internvl_chat" }, "vision_config: expected an object, found nothing"],
      [
        { model_type: "internvl_chat", vision_config: { patch_size: {} } },
        "vision_config.patch_size: expected a whole number above 0, found an object",
      ],
      [
        { ...native, image_size: [448] },
        "image_size: expected a whole number above 0 or two of them, found an array of 1",
      ],
      ["text", 'expected an object, found "text"'],
      [[], "expected an object, found an array of 0"],
    ]),
  )("as malformed: $message", async ({ json, message }) => {
    const error = await modelErrorOf(() => parseEncoderConfig(json, { subject: "a/config.json" }));
    expect(error.message).toContain(`a/config.json: ${message}`);
    expect(error).toMatchObject({ code: "malformed", subject: "a/config.json" });
  });

  it.each(
    rows([
      [
        { model_type: "siglip" },
        'model_type: expected intern_vit_6b, internvl_chat, internvl_vision or internvl, found "siglip"',
      ],
      [{}, "found nothing"],
      [{ model_type: "__proto__" }, 'found "__proto__"'],
      [{ model_type: "constructor" }, 'found "constructor"'],
      [{ ...base, hidden_act: "silu" }, 'hidden_act: expected gelu, found "silu"'],
      [
        { ...base, norm_type: "batch_norm" },
        'norm_type: expected layer_norm or rms_norm, found "batch_norm"',
      ],
      [
        { ...base, num_hidden_layers: 1e9 },
        "num_hidden_layers: expected at most 512, found 1000000000",
      ],
      [{ ...base, image_size: 14 * 2 ** 20 }, "image_size: expected at most"],
      [{ ...base, image_size: 450 }, "image_size: expected a multiple of patch_size 14, found 450"],
      [
        { model_type: "internvl_chat", vision_config: { model_type: "siglip" } },
        'vision_config.model_type: expected intern_vit_6b, found "siglip"',
      ],
      [
        { model_type: "internvl", vision_config: { norm_type: "x" } },
        "vision_config.norm_type: expected",
      ],
      [{ ...native, use_mean_pooling: false }, "use_mean_pooling: expected true"],
      [
        { ...native, use_absolute_position_embeddings: false },
        "use_absolute_position_embeddings: expected true",
      ],
      [{ ...native, image_size: [448, 224] }, 'image_size: expected a square, found "448×224"'],
      [{ ...native, use_qk_norm: true, layer_norm_eps: 1e-5 }, "layer_norm_eps: expected 1e-6"],
    ]),
  )("as unsupported: $message", async ({ json, message }) => {
    const error = await modelErrorOf(() => parseEncoderConfig(json));
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ code: "unsupported", subject: "config.json" });
  });

  it("a value nested deeper than the stack, without walking into it", async () => {
    const json: unknown = JSON.parse(
      `{"model_type":"intern_vit_6b","hidden_size":${"[".repeat(1e5)}${"]".repeat(1e5)}}`,
    );
    const error = await modelErrorOf(() => parseEncoderConfig(json));
    expect(error.message).toContain("found an array of 1");
  });
});

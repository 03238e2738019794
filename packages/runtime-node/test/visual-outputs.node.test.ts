// Chat checkpoints in every layout, projectors from elsewhere, and the way from planned pixels to visual tokens. All
// checkpoints are the golden one in other clothes, so all tokens are the golden ones.

import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import {
  encodeVisualTokens,
  featureOf,
  getPreset,
  isModelError,
  pixelUnshuffle,
  planImages,
  planVideo,
  type Tensor,
  tokensPerTile,
} from "@internvit/model-core";
import { synthesizeCheckpoint } from "@internvit/model-core/synthesize";
import {
  createVisionEncoder,
  openCheckpoint,
  openProjector,
  type VisionEncoderOptions,
} from "@internvit/runtime-node";
import { difference, FLOAT32_GOLDEN_TOLERANCE, goldenPath } from "@internvit/test-kit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  asTransformers,
  goldenOutput,
  goldenPixels,
  tinyChatConfig,
  tinyChatTensors,
  writeFolder,
  writeTensors,
} from "./tiny-chat.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-visual-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const VISUAL_TOKENS = { outputs: ["visual_tokens"] } as const;

async function tokensOf(
  checkpoint: string,
  options: VisionEncoderOptions = {},
): Promise<Tensor<"float32">> {
  await using encoder = await createVisionEncoder(checkpoint, { ...VISUAL_TOKENS, ...options });
  return featureOf(await encoder.encode(goldenPixels()), "visual_tokens");
}

/** How much of the tolerance the difference to a golden output takes; 1 is all of it. */
function goldenGap({ data }: Tensor<"float32">, name = "visual_tokens.v2.layer-1"): number {
  const { maxAbsolute, relativeL2 } = difference(data, goldenOutput(name));
  return Math.max(
    maxAbsolute / FLOAT32_GOLDEN_TOLERANCE.maxAbsolute,
    relativeL2 / FLOAT32_GOLDEN_TOLERANCE.relativeL2,
  );
}

async function errorOf(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => {
      throw new Error("an error was expected");
    },
    (error: unknown) => error as Error,
  );
}

/** transformers' config of the golden chat model. */
function nativeConfig(): Record<string, unknown> {
  const { vision_config: vision } = tinyChatConfig();
  return {
    architectures: ["InternVLForConditionalGeneration"],
    model_type: "internvl",
    downsample_ratio: 0.5,
    projector_hidden_act: "gelu",
    vision_feature_layer: -1,
    vision_feature_select_strategy: "default",
    text_config: { model_type: "qwen2", hidden_size: 80 },
    vision_config: {
      model_type: "internvl_vision",
      hidden_size: vision["hidden_size"],
      num_hidden_layers: vision["num_hidden_layers"],
      num_attention_heads: vision["num_attention_heads"],
      intermediate_size: vision["intermediate_size"],
      image_size: [112, 112],
      patch_size: [14, 14],
      attention_bias: true,
      use_qk_norm: false,
      norm_type: "layer_norm",
    },
  };
}

async function encoderAlone(name: string): Promise<string> {
  const tensors = [...(await tinyChatTensors())].flatMap(([key, tensor]) =>
    key.startsWith("vision_model.") ? [[key.slice("vision_model.".length), tensor] as const] : [],
  );
  const config = { ...tinyChatConfig().vision_config, model_type: "intern_vit_6b" };
  return writeFolder(join(folder, name), { config, tensors: new Map(tensors) });
}

async function projectorAlone(prefix: string): Promise<Map<string, Tensor>> {
  return new Map(
    [...(await tinyChatTensors())].flatMap(([key, tensor]) =>
      key.startsWith("mlp1.") ? [[prefix + key.slice("mlp1.".length), tensor] as const] : [],
    ),
  );
}

describe("golden tokens", () => {
  test.each(["", "model."])("of transformers' own layout, with the prefix %j", async (prefix) => {
    const tensors = await asTransformers(prefix);
    const name = `transformers-${prefix}`;
    const path = await writeFolder(join(folder, name), { config: nativeConfig(), tensors });
    const { chat, layout } = await openCheckpoint(path);
    expect(layout).toBe("transformers");
    expect(chat).toMatchObject({ pixelShuffleVersion: "v2", projectorWidth: 80 });
    expect(goldenGap(await tokensOf(path))).toBeLessThanOrEqual(1);
  });

  test("of an encoder alone with a projector saved alone", async () => {
    const encoder = await encoderAlone("encoder");
    const file = join(folder, "elsewhere", "mlp1.safetensors");
    await mkdir(join(folder, "elsewhere"));
    await writeTensors(file, await projectorAlone(""));
    expect(goldenGap(await tokensOf(encoder, { projector: file }))).toBeLessThanOrEqual(1);
    expect(
      goldenGap(await tokensOf(encoder, { projector: relative(process.cwd(), file) })),
    ).toBeLessThanOrEqual(1);
    expect(
      goldenGap(await tokensOf(encoder, { projector: await openProjector(file) })),
    ).toBeLessThanOrEqual(1);
    // Where no config says them, the settings are those of InternVL 2.5, and options come first.
    const options = { projector: file, selectLayer: -4, pixelShuffleVersion: "v1" } as const;
    expect(
      goldenGap(await tokensOf(encoder, options), "visual_tokens.v1.layer-4"),
    ).toBeLessThanOrEqual(1);
    await using opened = await createVisionEncoder(encoder, { ...VISUAL_TOKENS, ...options });
    expect(opened.info.visual).toEqual({
      selectLayer: -4,
      downsampleRatio: 0.5,
      pixelShuffleVersion: "v1",
      tokensPerTile: 16,
      projector: file,
    });
  });

  test("of an encoder with the projector of a chat checkpoint, used as its config says", async () => {
    const encoder = await encoderAlone("encoder-with-chat");
    expect(
      goldenGap(await tokensOf(encoder, { projector: goldenPath("tiny-chat") })),
    ).toBeLessThanOrEqual(1);
    const config = { ...tinyChatConfig(), select_layer: -2, ps_version: "v1" };
    const tensors = await projectorAlone("mlp1.");
    const chat = await writeFolder(join(folder, "other-chat"), { config, tensors });
    expect(
      goldenGap(await tokensOf(encoder, { projector: chat }), "visual_tokens.v1.layer-2"),
    ).toBeLessThanOrEqual(1);
  });

  test("of a folder whose config.json is missing", async () => {
    const encoder = await encoderAlone("encoder-and-folder");
    const path = join(folder, "projector-folder");
    await mkdir(path);
    await writeTensors(join(path, "model.safetensors"), await projectorAlone("mlp1."));
    expect(goldenGap(await tokensOf(encoder, { projector: path }))).toBeLessThanOrEqual(1);
  });

  test("of an encoder and a projector that are both links into other folders", async () => {
    const encoder = await encoderAlone("encoder-blob");
    const snapshot = join(folder, "links", "snapshots", "abc");
    const blobs = join(folder, "links", "blobs");
    await mkdir(snapshot, { recursive: true });
    await mkdir(blobs);
    await cp(join(encoder, "model.safetensors"), join(blobs, "0a1b"));
    await symlink("../../blobs/0a1b", join(snapshot, "model.safetensors"));
    await cp(join(encoder, "config.json"), join(snapshot, "config.json"));
    const file = join(folder, "links", "p.safetensors");
    await writeTensors(join(blobs, "2c3d"), await projectorAlone(""));
    await symlink("blobs/2c3d", file);
    expect(goldenGap(await tokensOf(snapshot, { projector: file }))).toBeLessThanOrEqual(1);
  });

  test("of a checkpoint whose language shards are not there", async () => {
    const tensors = await tinyChatTensors();
    const language = new Set([...tensors.keys()].filter((name) => name.startsWith("language")));
    expect(language.size).toBeGreaterThan(0);
    const path = join(folder, "no-language");
    await mkdir(path);
    const here = new Map([...tensors].filter(([name]) => !language.has(name)));
    await writeTensors(join(path, "model-00001-of-00002.safetensors"), here);
    const map = [...tensors.keys()].map((name) => [
      name,
      `model-0000${language.has(name) ? 2 : 1}-of-00002.safetensors`,
    ]);
    await writeFile(
      join(path, "model.safetensors.index.json"),
      JSON.stringify({ weight_map: Object.fromEntries(map) }),
    );
    await writeFile(join(path, "config.json"), JSON.stringify(tinyChatConfig()));
    const { absentShards } = await openCheckpoint(path);
    expect(absentShards).toEqual([
      { name: "model-00002-of-00002.safetensors", tensors: [...language] },
    ]);
    expect(goldenGap(await tokensOf(path))).toBeLessThanOrEqual(1);
  });
});

describe("what the graph computes", () => {
  test.each(["v1", "v2"] as const)(
    "unshuffled is pixelUnshuffle %s of the selected layer, also for pictures that are not square",
    async (version) => {
      const inputSize = { height: 56, width: 140 };
      await using encoder = await createVisionEncoder(goldenPath("tiny-chat"), {
        outputs: ["unshuffled", "hidden_states.2"],
        selectLayer: 2,
        pixelShuffleVersion: version,
        inputSize,
      });
      expect(encoder.info.visual).toMatchObject({ tokensPerTile: 10, projector: undefined });
      const data = Float32Array.from({ length: 2 * 3 * 56 * 140 }, (_, i) => Math.sin(i));
      const features = await encoder.encode({
        dtype: "float32",
        shape: [2, 3, 56, 140],
        data,
      });
      const hidden = featureOf(features, "hidden_states.2");
      const [count = 0, tokens = 0, width = 0] = hidden.shape;
      const patches = new Float32Array(count * (tokens - 1) * width);
      for (let image = 0; image < count; image++) {
        const start = (image * tokens + 1) * width;
        const end = (image + 1) * tokens * width;
        patches.set(hidden.data.subarray(start, end), image * (tokens - 1) * width);
      }
      const expected = pixelUnshuffle(
        { dtype: "float32", shape: [count, 4, 10, width], data: patches },
        { downsampleRatio: 0.5, version },
      );
      expect(expected.shape).toEqual(version === "v2" ? [2, 2, 5, 256] : [2, 5, 2, 256]);
      const computed = featureOf(features, "unshuffled");
      expect(computed.shape).toEqual([2, 10, 256]);
      expect(computed.data).toEqual(expected.data);
    },
  );

  test("an encoder alone has unshuffled patches, too", async () => {
    const path = goldenPath("tiny-layernorm");
    await using encoder = await createVisionEncoder(path, { outputs: ["unshuffled"] });
    expect(encoder.info.visual).toMatchObject({
      selectLayer: -1,
      downsampleRatio: 0.5,
      pixelShuffleVersion: "v2",
    });
  });

  test("the tile side of the chat config is the default size", async () => {
    const config = { ...tinyChatConfig(), force_image_size: 56 };
    const path = await writeFolder(join(folder, "other-size"), {
      config,
      tensors: await tinyChatTensors(),
    });
    await using visual = await createVisionEncoder(path, VISUAL_TOKENS);
    expect(visual.info.inputSize).toEqual({ height: 56, width: 56 });
    expect(visual.info.visual?.tokensPerTile).toBe(4);
    await using plain = await createVisionEncoder(path, { outputs: ["pooler_output"] });
    expect(plain.info.inputSize).toEqual({ height: 112, width: 112 });
    expect(plain.info.visual).toBeUndefined();
  });
});

describe("visual tokens are refused", () => {
  test("for an encoder alone, saying what to do", async () => {
    const path = goldenPath("tiny-layernorm");
    const error = await errorOf(createVisionEncoder(path, VISUAL_TOKENS));
    expect(isModelError(error)).toBe(true);
    expect(error).toMatchObject({ code: "not-found" });
    expect(error.message).toContain(`${path} is a stand-alone encoder: `);
    expect(error.message).toContain("one that was saved alone");
  });

  test("with a projector for an encoder of another width", async () => {
    const projector = await projectorAlone("");
    projector.set("0.weight", { dtype: "float32", shape: [8], data: new Float32Array(8) });
    const file = join(folder, "narrow.safetensors");
    await writeTensors(file, projector);
    const error = await errorOf(
      createVisionEncoder(goldenPath("tiny-chat"), { ...VISUAL_TOKENS, projector: file }),
    );
    expect(error.message).toBe(
      `${file}: the weights of the projector do not fit the config: tensors of another shape (1): 0.weight (expected [256], found [8])`,
    );
  });

  test("with a projector that is not there", async () => {
    const error = await errorOf(
      createVisionEncoder(goldenPath("tiny-chat"), {
        ...VISUAL_TOKENS,
        projector: join(folder, "nothing"),
      }),
    );
    expect(error).toMatchObject({ name: "ModelError", code: "not-found" });
  });

  test("when a shard of the encoder is not there, by its name", async () => {
    const path = join(folder, "lost-shard");
    await cp(goldenPath("tiny-chat"), path, { recursive: true });
    await rm(join(path, "model-00003-of-00003.safetensors"));
    const error = await errorOf(createVisionEncoder(path, VISUAL_TOKENS));
    expect(error).toMatchObject({ name: "ModelError", code: "not-found" });
    expect(error.message).toContain(
      'the shard "model-00003-of-00003.safetensors" is missing, with 23 tensors of the encoder: ',
    );
    // The projector is in a shard that is there, so it can be used with another encoder.
    const alone = await encoderAlone("encoder-for-lost-shard");
    expect(goldenGap(await tokensOf(alone, { projector: path }))).toBeLessThanOrEqual(1);
  });

  test("from patches that cannot be merged", async () => {
    const inputSize = { height: 112, width: 98 };
    const error = await errorOf(
      createVisionEncoder(goldenPath("tiny-chat"), { ...VISUAL_TOKENS, inputSize }),
    );
    expect(error.message).toContain("a multiple of 2, got 8×7 (rows×columns)");
  });
});

describe("encodeVisualTokens", () => {
  test("encodes a plan's tiles as the chat config says", async () => {
    const checkpoint = await openCheckpoint(goldenPath("tiny-chat"));
    const { config } = checkpoint;
    const chat = checkpoint.chat!;
    const plan = planImages([{ width: 224, height: 112 }], {
      tokensPerTile: tokensPerTile(config, chat),
      tileSize: chat.imageSize,
      maxTiles: chat.maxTiles,
    });
    expect(plan.tileCount).toBe(3);
    await using encoder = await createVisionEncoder(checkpoint, VISUAL_TOKENS);
    const pixels = goldenPixels();
    const result = await encodeVisualTokens(encoder, { plan, pixels }, { question: "What?" });
    expect(result.visualTokens.shape).toEqual([3, 16, 80]);
    expect(goldenGap(result.visualTokens)).toBeLessThanOrEqual(1);
    expect(result.prompt).toBe(`<img>${"<IMG_CONTEXT>".repeat(48)}</img>\nWhat?`);
    const frames = planVideo([{ width: 9, height: 9 }], { tokensPerTile: 16, tileSize: 112 });
    await expect(encodeVisualTokens(encoder, { plan: frames, pixels })).rejects.toThrow(
      /tiles of pixels: expected 1 as the plan says, found 3/,
    );
    const wrong = planVideo(
      [{}, {}, {}].map(() => ({ width: 9, height: 9 })),
      {
        tokensPerTile: 256,
        tileSize: 112,
      },
    );
    await expect(encodeVisualTokens(encoder, { plan: wrong, pixels })).rejects.toThrow(
      /that the encoder gives: expected 256 as the plan says, found 16/,
    );
  });
});

test("a synthesized chat model gives visual tokens and says that they are random", async () => {
  const { config, chat } = getPreset("InternVL2_5-1B");
  const tiny = {
    ...config,
    hiddenSize: 64,
    numAttentionHeads: 4,
    intermediateSize: 128,
    numHiddenLayers: 2,
    imageSize: 56,
  };
  const path = join(folder, "synthesized");
  await mkdir(path);
  const options = { seed: 3, chat: { ...chat!, imageSize: 56, projectorWidth: 24 } };
  for (const file of synthesizeCheckpoint(tiny, options).files) {
    await writeFile(join(path, file.name), Buffer.concat([...file.chunks]));
  }
  await using encoder = await createVisionEncoder(path, VISUAL_TOKENS);
  expect(encoder.info.synthesized).toMatch(/^seeded random weights.*seed 3$/);
  const pixels = {
    dtype: "uint8",
    shape: [2, 56, 56, 3],
    data: Uint8Array.from({ length: 2 * 56 * 56 * 3 }, (_, i) => (i * 7919) % 251),
  } as const;
  const { visualTokens } = await encoder.encode(pixels);
  expect(visualTokens?.shape).toEqual([2, 4, 24]);
  const values = [...(visualTokens?.data ?? [])];
  const meanSquare = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  expect(meanSquare).toBeGreaterThan(0.05);
  expect(meanSquare).toBeLessThan(20);

  // One random part is enough for random tokens.
  const alone = await encoderAlone("encoder-random-projector");
  await using mixed = await createVisionEncoder(alone, { ...VISUAL_TOKENS, projector: path });
  expect(mixed.info.synthesized).toMatch(/^projector: seeded random weights.*seed 3$/);
});

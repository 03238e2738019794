// Chat checkpoints in every layout and projectors from elsewhere. All are the golden checkpoint in other clothes, so all
// tokens are the golden ones.

import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import { createVisionEncoder, openCheckpoint, openProjector } from "@internvit/runtime-node";
import { goldenPath } from "@internvit/test-kit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  asTransformers,
  tinyChatConfig,
  tinyChatTensors,
  writeFolder,
  writeTensors,
} from "../tiny-chat.ts";
import { encoderAlone, projectorAlone } from "./chat-parts.ts";
import { goldenGap, tokensOf, VISUAL_TOKENS } from "./visual-tokens.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-visual-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

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
    const encoder = await encoderAlone(join(folder, "encoder"));
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
    const encoder = await encoderAlone(join(folder, "encoder-with-chat"));
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
    const encoder = await encoderAlone(join(folder, "encoder-and-folder"));
    const path = join(folder, "projector-folder");
    await mkdir(path);
    await writeTensors(join(path, "model.safetensors"), await projectorAlone("mlp1."));
    expect(goldenGap(await tokensOf(encoder, { projector: path }))).toBeLessThanOrEqual(1);
  });

  test("of an encoder and a projector that are both links into other folders", async () => {
    const encoder = await encoderAlone(join(folder, "encoder-blob"));
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

import { describe, expect, test } from "vitest";

import { memoryDirectory } from "../../src/checkpoint/directory.ts";
import { readCheckpoint } from "../../src/checkpoint/read-checkpoint.ts";
import { getPreset } from "../../src/config/presets.ts";
import type { EncoderConfig } from "../../src/config/encoder-config.ts";
import { readTensor } from "../../src/safetensors/read.ts";
import { chooseOutliers } from "../../src/synthesize/outliers.ts";
import { synthesizeCheckpoint } from "../../src/synthesize/synthesize-checkpoint.ts";
import { synthesizedNotice } from "../../src/synthesize/synthesized.ts";

const CONFIG: EncoderConfig = {
  ...getPreset("InternViT-300M-448px-V2_5").config,
  hiddenSize: 64,
  numAttentionHeads: 2,
  intermediateSize: 32,
  numHiddenLayers: 1,
  imageSize: 28,
};

async function synthesized(options: { readonly outliers?: boolean; readonly chunkBytes?: number }) {
  const made = synthesizeCheckpoint(CONFIG, { seed: 3, dtype: "float32", ...options });
  const files = new Map(
    made.files.map(({ name, byteLength, chunks }) => {
      const bytes = new Uint8Array(byteLength);
      let end = 0;
      for (const chunk of chunks) {
        bytes.set(chunk, end);
        end += chunk.byteLength;
      }
      return [name, bytes];
    }),
  );
  const checkpoint = await readCheckpoint(memoryDirectory("made", files));
  return { files, checkpoint };
}

describe("outliers", () => {
  test("are as many as the width asks for, and no channel is both", () => {
    for (const [width, count] of [
      [64, 1],
      [1024, 4],
      [3200, 13],
    ] as const) {
      const { residual, norm } = chooseOutliers(1, width);
      expect(new Set([...residual, ...norm]).size).toBe(2 * count);
      expect(residual).toHaveLength(count);
    }
    expect(chooseOutliers(1, 1024)).toEqual(chooseOutliers(1, 1024));
    expect(chooseOutliers(1, 1024)).not.toEqual(chooseOutliers(2, 1024));
  });

  test("are 50 times larger in embeddings and norms, and their columns as much smaller", async () => {
    const plain = await synthesized({});
    const changed = await synthesized({ outliers: true, chunkBytes: 1024 });
    const { residual, norm } = chooseOutliers(3, CONFIG.hiddenSize);
    const factors = async (name: string): Promise<readonly number[]> => {
      const [before, after] = await Promise.all(
        [plain, changed].map(async ({ checkpoint }) => {
          const entry = checkpoint.tensors.get(name)!;
          const source = checkpoint.files.get(entry.file)!;
          return (await readTensor(source, entry)).data as Float32Array;
        }),
      );
      return Array.from(after!, (value, i) => value / before![i]!);
    };
    const layer = "encoder.layers.0";
    const width = CONFIG.hiddenSize;
    for (const [name, channels, factor, channelOf] of [
      ["embeddings.class_embedding", residual, 50, (i: number) => i],
      ["embeddings.position_embedding", residual, 50, (i: number) => i % width],
      ["embeddings.patch_embedding.weight", residual, 50, (i: number) => Math.floor(i / 588)],
      ["embeddings.patch_embedding.bias", residual, 50, (i: number) => i],
      [`${layer}.norm1.weight`, norm, 50, (i: number) => i],
      [`${layer}.norm2.weight`, norm, 50, (i: number) => i],
      [`${layer}.attn.qkv.weight`, norm, 1 / 50, (i: number) => i % width],
      [`${layer}.mlp.fc1.weight`, norm, 1 / 50, (i: number) => i % width],
      [`${layer}.mlp.fc2.weight`, [], 1, () => 0],
      [`${layer}.ls1`, [], 1, (i: number) => i],
    ] as const) {
      const others = (await factors(name)).filter((found, i) => {
        const expected = (channels as readonly number[]).includes(channelOf(i)) ? factor : 1;
        return Math.abs(found / expected - 1) > 1e-6;
      });
      expect(others, name).toEqual([]);
    }
  });

  test("are said in the mark, and without them the mark is as it was", async () => {
    const changed = await synthesized({ outliers: true });
    expect(changed.checkpoint.synthesized).toEqual({ seed: 3, preset: undefined, outliers: true });
    expect(synthesizedNotice(changed.checkpoint.synthesized!)).toMatch(/with outlier channels/);
    const plain = await synthesized({ outliers: false });
    expect(plain.files).toEqual((await synthesized({})).files);
    expect(new TextDecoder().decode(plain.files.get("config.json"))).not.toContain("outliers");
  });
});

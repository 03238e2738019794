import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { featureOf, pixelUnshuffle } from "@internvit/model-core";
import { createVisionEncoder } from "@internvit/runtime-node";
import { goldenPath } from "@internvit/test-kit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { tinyChatConfig, tinyChatTensors, writeFolder } from "../tiny-chat.ts";
import { VISUAL_TOKENS } from "./visual-tokens.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-visual-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
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

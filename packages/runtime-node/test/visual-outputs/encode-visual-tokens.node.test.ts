// The way from planned pixels to visual tokens.

import { encodeVisualTokens, planImages, planVideo, tokensPerTile } from "@internvit/model-core";
import { createVisionEncoder, openCheckpoint } from "@internvit/runtime-node";
import { goldenPath } from "@internvit/test-kit";
import { describe, expect, test } from "vitest";

import { goldenPixels } from "../tiny-chat.ts";
import { goldenGap, VISUAL_TOKENS } from "./visual-tokens.ts";

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

import { describe, expect, test } from "vitest";

import { getPreset } from "../src/config/presets.ts";
import type { Tensor } from "../src/tensor.ts";
import { planImages, planVideo } from "../src/tiling/visual-plan.ts";
import type { EncoderInfo, VisionEncoder } from "../src/vision-encoder.ts";
import { encodeVisualTokens } from "../src/visual-tokens.ts";
import { modelErrorOf } from "./model-error-of.ts";

const { config } = getPreset("InternVL2_5-1B");

/** An encoder whose visual tokens are zeros, 4 per tile and 2 wide unless `shape` says something else. */
function encoderOf(
  changes: {
    readonly info?: Partial<EncoderInfo>;
    readonly shape?: readonly number[];
  } = {},
): VisionEncoder {
  const info: EncoderInfo = {
    executionProvider: "none",
    device: "none",
    dtype: "float32",
    threads: 1,
    fusions: [],
    inputSize: { height: 28, width: 28 },
    outputs: ["visual_tokens"],
    visual: {
      selectLayer: -1,
      downsampleRatio: 0.5,
      pixelShuffleVersion: "v2",
      tokensPerTile: 4,
      projector: "zeros",
    },
    checkpoint: "zeros",
    synthesized: undefined,
    loadMilliseconds: 0,
    versions: {},
    ...changes.info,
  };
  return {
    config,
    info,
    async encode(pixels, { signal } = {}) {
      signal?.throwIfAborted();
      const shape = changes.shape ?? [pixels.shape[0] ?? 0, 4, 2];
      const count = shape.reduce((product, size) => product * size, 1);
      return { visualTokens: { dtype: "float32", shape, data: new Float32Array(count) } };
    },
    async dispose() {},
    async [Symbol.asyncDispose]() {},
  };
}

function pixelsOf(count: number): Tensor<"uint8"> {
  return { dtype: "uint8", shape: [count, 28, 28, 3], data: new Uint8Array(count * 28 * 28 * 3) };
}

const sizes = [
  { width: 56, height: 28 },
  { width: 20, height: 20 },
];
const plan = planImages(sizes, { tokensPerTile: 4, tileSize: 28, maxTiles: 4 });

function context(count: number): string {
  return `<img>${"<IMG_CONTEXT>".repeat(count)}</img>`;
}

describe("encodeVisualTokens", () => {
  test("returns tokens, plan and prompt that belong together", async () => {
    // Two tiles and a thumbnail of the wide picture, one tile of the square one.
    expect(plan.tileCount).toBe(4);
    const result = await encodeVisualTokens(
      encoderOf(),
      { plan, pixels: pixelsOf(4) },
      { question: "Which is wider?" },
    );
    expect(result.visualTokens.shape).toEqual([4, 4, 2]);
    expect(result.plan).toBe(plan);
    expect(result.prompt).toBe(`Image-1: ${context(12)}\nImage-2: ${context(4)}\nWhich is wider?`);
    const contexts = result.prompt.split("<IMG_CONTEXT>").length - 1;
    const [tiles = 0, tokens = 0] = result.visualTokens.shape;
    expect(contexts).toBe(tiles * tokens);
  });

  test("labels frames, in the style that is asked for", async () => {
    const video = planVideo(sizes, { tokensPerTile: 4, tileSize: 28 });
    const { prompt } = await encodeVisualTokens(
      encoderOf(),
      { plan: video, pixels: pixelsOf(2) },
      { labelStyle: "plain" },
    );
    expect(prompt).toMatch(/^Frame1: <img>.*<\/img>\nFrame2: <img>.*<\/img>\n$/);
  });

  test.each<[string, Parameters<typeof encoderOf>[0], number, RegExp]>([
    ["pixels", {}, 3, /tiles of pixels: expected 4 as the plan says, found 3/],
    [
      "an encoder",
      { info: { visual: { ...encoderOf().info.visual!, tokensPerTile: 256 } } },
      4,
      /visual tokens of a tile that the encoder gives: expected 4 as the plan says, found 256/,
    ],
    [
      "tokens",
      { shape: [4, 5, 2] },
      4,
      /visual tokens of a tile: expected 4 as the plan says, found 5/,
    ],
    ["tiles", { shape: [3, 4, 2] }, 4, /tiles of the visual tokens: expected 4 .* found 3/],
    ["a tensor", { shape: [16, 2] }, 4, /axes of the visual tokens: expected 3 .* found 2/],
  ])("refuses %s of another count than the plan's", async (_, changes, count, message) => {
    const error = await modelErrorOf(() =>
      encodeVisualTokens(encoderOf(changes), { plan, pixels: pixelsOf(count) }),
    );
    expect(error.code).toBe("mismatch");
    expect(error.message).toMatch(message);
  });

  test("refuses an encoder without visual tokens", async () => {
    const info = { outputs: ["pooler_output"], visual: undefined } as const;
    const { visual: _, ...rest } = { ...encoderOf().info, ...info };
    const encoder = { ...encoderOf(), info: rest };
    const error = await modelErrorOf(() =>
      encodeVisualTokens(encoder, { plan, pixels: pixelsOf(4) }),
    );
    expect(error.message).toBe(
      "expected an encoder with the output visual_tokens, got one with pooler_output",
    );
  });

  test("rejects with the signal's reason", async () => {
    const reason = new Error("stop");
    const signal = AbortSignal.abort(reason);
    await expect(
      encodeVisualTokens(encoderOf(), { plan, pixels: pixelsOf(4) }, { signal }),
    ).rejects.toBe(reason);
  });
});

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { getPreset } from "@internvit/model-core";
import { synthesizeCheckpoint } from "@internvit/model-core/synthesize";
import { createVisionEncoder } from "@internvit/runtime-node";
import { afterAll, beforeAll, expect, test } from "vitest";

import { encoderAlone } from "./chat-parts.ts";
import { VISUAL_TOKENS } from "./visual-tokens.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-visual-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
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
  const alone = await encoderAlone(join(folder, "encoder-random-projector"));
  await using mixed = await createVisionEncoder(alone, { ...VISUAL_TOKENS, projector: path });
  expect(mixed.info.synthesized).toMatch(/^projector: seeded random weights.*seed 3$/);
});

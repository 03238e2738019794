import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { goldenPath, runReadmeExamples } from "@internvit/test-kit";
import { expect, test } from "vitest";

test("the README's examples run", () => {
  const folder = mkdtempSync(join(tmpdir(), "internvit-readme-"));
  const output = join(folder, "features");
  const [features, tokens, batches, shards, providers, converted] = runReadmeExamples(
    new URL("../README.md", import.meta.url),
    {
      "InternViT-300M-448px-V2_5": goldenPath("tiny-layernorm"),
      "InternVL2_5-1B": goldenPath("tiny-chat"),
      "photo.jpg": goldenPath("images", "photo-420.jpg"),
      "scan.png": goldenPath("images", "gray16.png"),
      photos: goldenPath("images"),
      features: output,
      converted: join(folder, "converted"),
    },
  );
  expect(features).toMatch(/^cpu \[ 1, \d+ \]\n$/);
  const [, tiles, perTile, width, contexts] =
    /^\[ (\d+), (\d+), (\d+) \] (\d+)\n$/.exec(tokens ?? "")?.map(Number) ?? [];
  expect([perTile, width]).toEqual([16, 80]);
  expect(contexts).toBe((tiles ?? 0) * 16);
  expect(batches).toMatch(/^(1 \[ 1, \d+ \] 0\n){2}read decode preprocess run write\n$/);
  const pictures = readdirSync(goldenPath("images")).length;
  expect(shards).toBe(`${pictures} rows in 1 shard\n`);
  expect(readdirSync(output)).toContain("manifest.json");
  rmSync(folder, { recursive: true });
  expect(providers).toMatch(/^(cpu|cuda|webgpu|coreml|directml) \S/);
  expect(providers).toMatch(
    /^unsupported the execution provider \w+ cannot be used: .* is not built with /m,
  );
  expect(converted).toMatch(/^q8 \[\n? *'layer 0: 8 bit/);
});

import { goldenPath, runReadmeExamples } from "@internvit/test-kit";
import { expect, test } from "vitest";

test("the README's examples run", () => {
  const [features, tokens] = runReadmeExamples(new URL("../README.md", import.meta.url), {
    "InternViT-300M-448px-V2_5": goldenPath("tiny-layernorm"),
    "InternVL2_5-1B": goldenPath("tiny-chat"),
    "photo.jpg": goldenPath("images", "photo-420.jpg"),
  });
  expect(features).toMatch(/^cpu \[ 1, \d+ \]\n$/);
  const [, tiles, perTile, width, contexts] =
    /^\[ (\d+), (\d+), (\d+) \] (\d+)\n$/.exec(tokens ?? "")?.map(Number) ?? [];
  expect([perTile, width]).toEqual([16, 80]);
  expect(contexts).toBe((tiles ?? 0) * 16);
});

import { goldenPath, runReadmeExamples } from "@internvit/test-kit";
import { expect, test } from "vitest";

test("the README's examples run", () => {
  const [graph, synthesized, prompt, features] = runReadmeExamples(
    new URL("../README.md", import.meta.url),
    {
      "InternViT-300M-448px-V2_5": goldenPath("tiny-layernorm"),
    },
  );
  expect(graph).toBe("[ 'model.safetensors' ] true\n");
  expect(synthesized).toMatch(/model\.safetensors.*\] 1107\d{7}\n$/);
  // 3 x 2 tiles and a thumbnail, and one tile.
  expect(prompt).toBe("8 2048 2048\n");
  expect(features).toBe("4 4 16 1\n");
});

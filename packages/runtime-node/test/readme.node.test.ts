import { goldenPath, runReadmeExamples } from "@internvit/test-kit";
import { expect, test } from "vitest";

test("the README's example runs", () => {
  const [printed] = runReadmeExamples(new URL("../README.md", import.meta.url), {
    "InternViT-300M-448px-V2_5": goldenPath("tiny-layernorm"),
    "photo.jpg": goldenPath("images", "photo-420.jpg"),
  });
  expect(printed).toMatch(/^cpu \[ 1, \d+ \]\n$/);
});

import { goldenPath, runReadmeExamples } from "@internvit/test-kit";
import { expect, it } from "vitest";

it("the README's example runs", () => {
  const [printed] = runReadmeExamples(new URL("../README.md", import.meta.url), {
    "preprocessor_config.json": goldenPath("tiny-layernorm", "preprocessor_config.json"),
    "photo.jpg": goldenPath("images", "photo-420.jpg"),
  });
  expect(printed).toMatch(/^\[ 1, 3, \d+, \d+ \]\n$/);
});

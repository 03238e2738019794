import { fixturePath, goldenPath, runReadmeExamples } from "@internvit/test-kit";
import { expect, it } from "vitest";

it("the README's examples run", () => {
  const [printed, tiled, sampled] = runReadmeExamples(new URL("../README.md", import.meta.url), {
    "preprocessor_config.json": goldenPath("tiny-layernorm", "preprocessor_config.json"),
    "photo.jpg": goldenPath("images", "photo-420.jpg"),
    "clip.mp4": fixturePath("video", "h264.mp4"),
  });
  expect(printed).toMatch(/^\[ 1, 3, \d+, \d+ \]\n$/);
  expect(tiled).toBe("{ columns: 3, rows: 2 } [ 7, 448, 448, 3 ]\n");
  expect(sampled).toBe("96 64\n".repeat(8));
});

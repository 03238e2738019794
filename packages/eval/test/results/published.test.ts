import { findPublished, PUBLISHED_ROWS } from "@internvit/eval";
import { expect, test } from "vitest";

test("every published average is the mean of its row, to the printed digit", () => {
  for (const { top1, average } of PUBLISHED_ROWS) {
    const mean = top1.reduce((sum, one) => sum + one, 0) / 6;
    // Means of rounded numbers, themselves rounded: 0.1 apart at most.
    expect(Math.abs(mean - average)).toBeLessThanOrEqual(0.1 + 1e-9);
  }
});

test.each([
  "InternViT-6B-448px-V2.5",
  "OpenGVLab/InternViT-6B-448px-V2_5",
  "models/InternViT-6B-448px-V2-5",
])("%s has a row", (name) => {
  const row = findPublished(name, { resolution: 448, probe: "attention-pooling" });
  expect(row?.average).toBe(85.2);
});

test("nothing is published for the 300M encoders", () => {
  const name = "OpenGVLab/InternViT-300M-448px-V2_5";
  expect(findPublished(name, { resolution: 448, probe: "linear" })).toBeUndefined();
});

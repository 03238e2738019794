import { goldenPath, runReadmeExamples } from "@internvit/test-kit";
import { expect, test } from "vitest";

test("the README's examples run", () => {
  const [step, encoder] = runReadmeExamples(new URL("../README.md", import.meta.url), {
    "InternViT-300M-448px-V2_5": goldenPath("tiny-layernorm"),
  });
  expect(step).toBe("[ '3.000', '-1.000' ]\n");
  expect(encoder).toBe("true\n");
});

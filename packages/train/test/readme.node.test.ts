import { goldenPath, runReadmeExamples } from "@internvit/test-kit";
import { expect, test } from "vitest";

import { temporaryFolder } from "./node/temporary-folder.ts";

test("the README's examples run", () => {
  using folder = temporaryFolder();
  const [probe, step, encoder] = runReadmeExamples(new URL("../README.md", import.meta.url), {
    "InternViT-300M-448px-V2_5": goldenPath("tiny-layernorm"),
    "runs/linear-probe": folder.path,
  });
  const losses = Array.from(probe!.matchAll(/^\d+ (.*)$/gm), ([, loss]) => Number(loss));
  expect(losses).toHaveLength(4);
  expect(losses).toEqual(losses.toSorted((a, b) => b - a));
  expect(losses[3]).toBeLessThan(losses[0]! / 3);
  expect(probe).toMatch(/\[ 64, 4 \]\n$/);
  expect(folder.names()).toEqual(["update-00000050.safetensors", "update-00000100.safetensors"]);
  expect(step).toBe("[ '3.000', '-1.000' ]\n");
  expect(encoder).toBe("true\n");
});

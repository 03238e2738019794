import { join } from "node:path";

import { fixturePath, runReadmeExamples } from "@internvit/test-kit";
import { expect, test } from "vitest";

import { temporaryFolder, tinyJpeg, writeFiles } from "./node/datasets/write-sets.ts";

test("the README's examples run", async () => {
  using folder = temporaryFolder();
  const picture = await tinyJpeg(0);
  writeFiles(folder.path, {
    "train/daisy/1.jpg": picture,
    "train/rose/2.jpg": picture,
    "val/rose/3.jpg": picture,
    "val/rose/4.jpg": picture.subarray(0, 100),
  });
  const [dataSets, probes, neighbours] = runReadmeExamples(
    new URL("../README.md", import.meta.url),
    {
      "flowers=flowers": `flowers=${folder.path}`,
      "InternViT-300M-448px-V2_5": fixturePath("tiny-layernorm"),
      probe: join(folder.path, "probe"),
    },
  );
  expect(probes).toBe("left out rose/4.jpg\nk = 1 2 1\n");
  expect(dataSets).toBe(
    [
      "flowers: 1 class has no pictures in val: daisy",
      "2 pictures, 1 of them cannot be decoded",
      "rose/3.jpg rose true",
      "",
    ].join("\n"),
  );
  expect(neighbours).toBe("100 1 [ 1, 0 ]\n");
});

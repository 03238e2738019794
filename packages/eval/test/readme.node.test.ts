import { join } from "node:path";

import { encodeHeadFacts, encodeSegmentationHead, initialSegmentationHead } from "@internvit/eval";
import { openCheckpoint } from "@internvit/runtime-node";
import { fixturePath, runReadmeExamples } from "@internvit/test-kit";
import { expect, test } from "vitest";

import { tinyHeadFacts } from "./inference/tiny-head-facts.ts";
import { pngOf } from "./node/png/write-png.ts";
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
  const values = Array.from({ length: 64 }, (_, i) => [0, 1, 11, 1][i % 4]!);
  writeFiles(folder.path, {
    "streets/classes.txt": "sky\nroad\n",
    "streets/val/a.jpg": picture,
    "streets/valannot/a.png": pngOf({ width: 8, height: 8, values }),
  });
  const { config } = await openCheckpoint(fixturePath("tiny-layernorm"));
  const form = { kind: "linear", width: config.hiddenSize, classes: 3 } as const;
  const { parameters, buffers } = initialSegmentationHead(form, { seed: 1 });
  const metadata = encodeHeadFacts(tinyHeadFacts(form, { config, blocks: [2] }));
  const head = encodeSegmentationHead({ ...parameters, ...buffers }, { updates: 0, metadata });
  writeFiles(folder.path, { "head.safetensors": head, "street.jpg": picture });
  const [dataSets, scenes, probes, neighbours, segmentation, segmenting] = runReadmeExamples(
    new URL("../README.md", import.meta.url),
    {
      "flowers=flowers": `flowers=${folder.path}`,
      "streets=streets": `streets=${join(folder.path, "streets")}`,
      "InternViT-300M-448px-V2_5": fixturePath("tiny-layernorm"),
      "head.safetensors": join(folder.path, "head.safetensors"),
      "street.jpg": join(folder.path, "street.jpg"),
      "street.labels.png": join(folder.path, "street.labels.png"),
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
  expect(scenes).toBe("sky road 1 0 16\na.jpg true [ 0, 1, 255 ]\n");
  expect(neighbours).toBe("100 1 [ 1, 0 ]\n");
  const [first, last, ...shape] = segmentation!.trim().split("\n");
  expect(Number(last!.split(" ")[0])).toBeLessThan(Number(first!.split(" ")[0]));
  expect(shape).toEqual(["[ 2, 3, 16, 16 ]"]);
  expect(segmenting).toBe("64 8 road sky tree\n");
});

import { createNodeRuntime } from "@internvit/runtime-node";
import { readGoldenJson, readGoldenTensors } from "@internvit/test-kit";
import { beforeAll, describe, expect, test } from "vitest";

import { goldenGap, toleranceOf } from "./golden-comparison.ts";
import { type HeadManifest, trainGoldenHead } from "./train-golden-head.ts";

describe.each(["linear-probe-soft", "linear-probe-hard", "attention-probe"])(
  "golden training of a head: %s",
  (name) => {
    const manifest: HeadManifest = readGoldenJson("probes", `${name}.json`);
    const goldens = { manifest, tensors: readGoldenTensors("probes", `${name}.safetensors`) };
    let computed: ReadonlyMap<string, ArrayLike<number | bigint>>;
    beforeAll(async () => {
      computed = await trainGoldenHead(createNodeRuntime(), goldens);
    }, 240_000);
    const expected = Object.entries(manifest.tensors).filter(([, { role }]) => role === "expected");
    test.each(expected.map(([tensor]) => tensor))("%s", (tensor) => {
      expect(goldenGap(tensor, computed.get(tensor) ?? [], goldens)).toBeLessThanOrEqual(
        toleranceOf(tensor, goldens),
      );
    });
  },
);

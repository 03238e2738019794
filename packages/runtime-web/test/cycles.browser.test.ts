import { createVisionEncoder } from "@internvit/runtime-web";
import {
  difference,
  fetchGoldenTensors,
  FLOAT32_GOLDEN_TOLERANCE,
  float32Golden,
} from "@internvit/test-kit/browser";
import { expect, test } from "vitest";

import { goldenBlobs } from "./open-golden.ts";

/** Bytes of this page and its workers, after a collection. */
async function memory(): Promise<number> {
  const measuring = performance as unknown as {
    measureUserAgentSpecificMemory(): Promise<{ readonly bytes: number }>;
  };
  return (await measuring.measureUserAgentSpecificMemory()).bytes;
}

// Weights in float16 are read from their Blob where they are.
test("encoders come and go without a trace, and each gives the golden numbers", async () => {
  const name = "tiny-float16";
  const directory = await goldenBlobs(name);
  const expected = await fetchGoldenTensors(name, "expected.safetensors");
  const [key = ""] = [...expected.keys()].filter((key) => key.endsWith("pixel_values"));
  const { shape, data } = float32Golden(expected, key);
  const [, , height = 0, width = 0] = shape;
  const golden = float32Golden(expected, key.replace("pixel_values", "last_hidden_state"));
  const cycle = async (): Promise<void> => {
    await using encoder = await createVisionEncoder(directory, {
      executionProvider: "wasm",
      outputs: ["last_hidden_state"],
      inputSize: { height, width },
    });
    const { lastHiddenState } = await encoder.encode({ dtype: "float32", shape, data });
    const { maxAbsolute } = difference(lastHiddenState?.data ?? [], golden.data);
    expect(maxAbsolute).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.maxAbsolute);
  };
  await cycle();
  const before = await memory();
  for (let count = 0; count < CYCLES; count++) await cycle();
  const growth = (await memory()) - before;
  // One session alone has 30 MB and more.
  expect(growth, `bytes more than the ${before} after the first`).toBeLessThan(10e6);
}, 300_000);

/** Each starts a worker and compiles ONNX Runtime anew, which takes seconds; eight were seen to pass too. */
const CYCLES = 4;

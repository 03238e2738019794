import { readFileSync } from "node:fs";

import { createRandom, memoryDirectory, readCheckpoint, type Tensor } from "@internvit/model-core";
import { createNodeRuntime } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { describe, expect, test } from "vitest";

import { encoderBlocks, gelus, largeActivations, type SpanFinder } from "../../src/index.ts";
import { type EncoderGradients, encoderGradients } from "../encoder/encoder-gradients.ts";

const floats = (shape: readonly number[], seed: number): Tensor => {
  const random = createRandom(seed);
  const length = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length }, () => random.uniform() - 0.5);
  return { dtype: "float32", shape, data };
};

/** Of all gradients, relative to the largest number of each. */
function largestGap(again: EncoderGradients, plain: EncoderGradients): number {
  const gaps = Array.from(plain.parameters, ([name, expected]) => {
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const actual = again.parameters.get(name)!;
    return (
      expected.reduce((most, value, at) => Math.max(most, Math.abs(value - actual[at]!)), 0) /
      largest
    );
  });
  return Math.max(...gaps);
}

describe.each([
  { folder: "tiny-layernorm", gap: 0 },
  // ONNX Runtime fuses an RMS norm whose inner values only the norm itself reads: other bits.
  { folder: "tiny-rmsnorm-qknorm", gap: 2e-5 },
])("gradients of $folder", ({ folder, gap }) => {
  test("are the same within $gap when blocks, or large activations, are computed again", async () => {
    const read = (name: string) => new Uint8Array(readFileSync(fixturePath(folder, name)));
    const file = read("model.safetensors");
    const checkpoint = await readCheckpoint(
      memoryDirectory(
        folder,
        new Map([
          ["config.json", read("config.json")],
          ["model.safetensors", file],
        ]),
      ),
    );
    const { imageSize: side, patchSize, hiddenSize, numHiddenLayers } = checkpoint.config;
    const tokens = 1 + (side / patchSize) ** 2;
    const feeds = {
      pixel_values: floats([2, 3, side, side], 1),
      upstream: floats([2, tokens, hiddenSize], 2),
    };
    const found: number[] = [];
    const compute = (recompute: SpanFinder) =>
      encoderGradients(createNodeRuntime(), checkpoint, {
        file,
        inputSize: { height: side, width: side },
        feeds,
        recompute(graph) {
          const spans = recompute(graph);
          found.push(spans.length);
          return spans;
        },
      });
    const plain = await compute(() => []);
    for (const finder of [encoderBlocks, gelus, largeActivations]) {
      const again = await compute(finder);
      expect(largestGap(again, plain)).toBeLessThanOrEqual(gap);
    }
    expect(found).toEqual([0, numHiddenLayers, numHiddenLayers, 2 * numHiddenLayers]);
  });
});

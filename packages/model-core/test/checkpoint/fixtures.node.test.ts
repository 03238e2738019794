// The golden checkpoints, written by the reference's own tools: all of them open, and their weights are complete.

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { WeightSlice } from "../../src/checkpoint/encoder-tensors.ts";
import {
  matchEncoderTensors,
  resolveEncoderWeights,
} from "../../src/checkpoint/match-encoder-tensors.ts";
import { readCheckpoint, type Checkpoint } from "../../src/checkpoint/read-checkpoint.ts";
import { countParameters } from "../../src/config/count-parameters.ts";
import { elementCount } from "../../src/tensor.ts";
import { goldenDirectory } from "../golden-directory.ts";

async function hashOf(checkpoint: Checkpoint, slice: WeightSlice): Promise<string> {
  const { file, start, byteLength } = slice;
  const bytes = await checkpoint.files.get(file)!.read(start, start + byteLength);
  return createHash("sha256").update(bytes).digest("hex");
}

describe("golden checkpoints", () => {
  it.each([
    ["tiny-layernorm", "standalone", "standalone", ""],
    ["tiny-rmsnorm-qknorm", "standalone", "standalone", ""],
    ["tiny-float16", "standalone", "standalone", ""],
    ["tiny-chat", "chat", "chat", "vision_model."],
    ["tiny-transformers-native", "transformers", "transformers", ""],
  ])("%s opens as %s, scheme %s, prefix %j", async (name, layout, scheme, prefix) => {
    const checkpoint = await readCheckpoint(goldenDirectory(name));
    const match = matchEncoderTensors(checkpoint);
    expect(checkpoint.layout).toBe(layout);
    expect(checkpoint.synthesized).toBeUndefined();
    expect(match).toMatchObject({ scheme, prefix, missing: [], unexpected: [], wrongShape: [] });
    expect(match.weights?.layers).toHaveLength(checkpoint.config.numHiddenLayers);
    const encoder = [...checkpoint.tensors.values()].filter(({ name }) => name.startsWith(prefix));
    const parameters = encoder.reduce((total, { shape }) => total + elementCount(shape), 0);
    expect(countParameters(checkpoint.config)).toBe(parameters);
  });

  it("tiny-chat stands in several shards, beside a projector and a language model", async () => {
    const checkpoint = await readCheckpoint(goldenDirectory("tiny-chat"));
    expect(checkpoint.files.size).toBeGreaterThan(1);
    expect(matchEncoderTensors(checkpoint).ignored.map(({ prefix }) => prefix)).toEqual([
      "language_model.",
      "mlp1.",
    ]);
  });

  it("transformers' query, key and value are the rows of the fused tensor", async () => {
    const fused = await readCheckpoint(goldenDirectory("tiny-layernorm"));
    const split = await readCheckpoint(goldenDirectory("tiny-transformers-native"));
    const expected = resolveEncoderWeights(fused).layers;
    for (const [index, layer] of resolveEncoderWeights(split).layers.entries()) {
      for (const part of ["query", "key", "value", "projection", "fc1", "norm2"] as const) {
        const theirs = expected[index]![part];
        expect(await hashOf(split, layer[part].weight)).toEqual(await hashOf(fused, theirs.weight));
        expect(await hashOf(split, layer[part].bias!)).toEqual(await hashOf(fused, theirs.bias!));
      }
    }
  });
});

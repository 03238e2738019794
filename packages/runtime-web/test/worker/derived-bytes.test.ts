import {
  getPreset,
  matchEncoderTensors,
  memoryDirectory,
  readCheckpoint,
  planEncoderWeights,
} from "@internvit/model-core";
import { synthesizeCheckpoint, type SynthesizedFile } from "@internvit/model-core/synthesize";
import { weightReader } from "@internvit/model-core/session";
import { expect, test } from "vitest";

import { chunkCutter } from "../../src/worker/chunks.ts";
import { derivedBytes, groupsFrom } from "../../src/worker/derived-bytes.ts";

const { config } = getPreset("InternViT-300M-448px-V2_5");
const SMALL = {
  ...config,
  hiddenSize: 64,
  numAttentionHeads: 4,
  intermediateSize: 160,
  numHiddenLayers: 2,
  imageSize: 28,
};
const files = synthesizeCheckpoint(SMALL, { seed: 1 }).files;
function contentOf({ byteLength, chunks }: SynthesizedFile): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  let end = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, end);
    end += chunk.length;
  }
  return bytes;
}

const checkpoint = await readCheckpoint(
  memoryDirectory("small", new Map(files.map((file) => [file.name, contentOf(file)]))),
);
const { weights } = matchEncoderTensors(checkpoint);
const plan = planEncoderWeights(weights!, { dtype: "q4", target: "cpu", file: "w" });
const read = weightReader(checkpoint.files, {});

async function bytesFrom(from: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(plan.byteLength - from);
  let end = 0;
  for await (const part of derivedBytes(plan.groups, { from, read })) {
    bytes.set(part, end);
    end += part.length;
  }
  expect(end).toBe(bytes.length);
  return bytes;
}

test("a file that is gone on with at any byte is the file that was begun", async () => {
  const whole = await bytesFrom(0);
  expect(whole.length).toBe(plan.byteLength);
  for (const from of [1, 4095, 4096, 5000, 40_000, whole.length - 1, whole.length]) {
    const rest = await bytesFrom(from);
    // Not toEqual, which takes seconds for so many elements.
    expect(rest.findIndex((byte, index) => byte !== whole[from + index])).toBe(-1);
  }
  expect(groupsFrom(plan.groups, whole.length)).toEqual([]);
});

test("pieces of any size become chunks of one size and a rest", async () => {
  const chunks: number[] = [];
  const sums: number[] = [];
  const { add, end } = chunkCutter(async (chunk) => {
    chunks.push(chunk.length);
    sums.push(chunk[0]!, chunk.at(-1)!);
  });
  await add(new Uint8Array(10).fill(1));
  await add(new Uint8Array(9 * 2 ** 20).fill(2));
  await add(new Uint8Array(3).fill(3));
  await end();
  expect(chunks).toEqual([4 * 2 ** 20, 4 * 2 ** 20, 2 ** 20 + 13]);
  expect(sums).toEqual([1, 2, 2, 2, 2, 3]);
});

// What an extraction writes.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { createVisionEncoder } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import { afterAll, describe, expect, it } from "vitest";

import { countingEncoder, PREPARATION } from "../pipeline/small-pictures.ts";
import { differentFiles, float32Of, readJson, readShard, sha256 } from "./read-shards.ts";
import { nameOf, smallExtractions } from "./small-extractions.ts";

const extractions = await smallExtractions();
const { extract, list, newOutput, undisturbed } = extractions;
afterAll(() => extractions[Symbol.dispose]());

describe("extractToShards", () => {
  it("writes rows in order, with the key of each, its bad pictures and its hash", () => {
    const all: string[] = [];
    for (const [shard, pictures] of [30, 30, 30, 10].entries()) {
      const index = readJson<{
        file: string;
        sha256: string;
        byteLength: number;
        first: number;
        pictures: number;
        keys: string[];
        bad: { position: number; key: string; code: string; message: string }[];
      }>(undisturbed, `features-0000${shard}.json`);
      const bytes = readFileSync(join(undisturbed, index.file));
      expect(index).toMatchObject({ first: shard * 30, pictures, sha256: sha256(bytes) });
      expect(bytes.byteLength).toBe(index.byteLength);
      const rows = index.keys.length;
      const { tensors } = readShard(join(undisturbed, index.file));
      const numbers = index.keys.map((key) => Number.parseInt(key, 10));
      const { pooler_output: pooler, last_hidden_state: tokens } = tensors;
      expect(pooler).toMatchObject({ dtype: "F32", shape: [rows, 2] });
      expect(tokens).toMatchObject({ dtype: "F32", shape: [rows, 2, 3] });
      expect(float32Of(pooler!).filter((_, i) => i % 2 === 0)).toEqual(numbers);
      expect(float32Of(tokens!)).toEqual(numbers.flatMap((number) => Array(6).fill(number)));
      for (const { position, key, code, message } of index.bad) {
        expect(key).toBe(nameOf(position));
        expect(code).toBe("unsupported");
        expect(message).toMatch(`${key}: expected a JPEG`);
      }
      all.push(...index.keys, ...index.bad.map(({ key }) => key));
    }
    expect(all.sort()).toEqual(list.keys);
  });

  it("forms batches from fixed slices, which end with the shard", () => {
    // 30 pictures are 7 batches of 4 and one of 2; pictures 17 to 20 are bad and shorten theirs.
    const { tensors } = readShard(join(undisturbed, "features-00000.safetensors"));
    const sizes = float32Of(tensors["pooler_output"]!).filter((_, i) => i % 2 === 1);
    const runs = [3, 4, 4, 4, 1, 3, 4, 2];
    expect(sizes).toEqual(runs.flatMap((size) => Array(size).fill(size)));
  });

  it("says in the manifest what the folder holds and how it was made", async () => {
    const output = newOutput();
    const summary = await extract({ output, provenance: { model: "counting", seed: 3 } });
    expect(summary).toMatchObject({ pictures: 100, rows: 94, bad: 6, shards: 4, extracted: 100 });
    expect(summary.manifest).toBe(join(output, "manifest.json"));
    const manifest = readJson<{ shards: { file: string; sha256: string }[] }>(summary.manifest);
    expect(manifest).toMatchObject({
      format: "internvit-extraction",
      pictures: { count: 100, sha256: sha256(readFileSync(join(output, "pictures.jsonl"))) },
      totals: { pictures: 100, rows: 94, bad: 6, shards: 4 },
      outputs: [
        { name: "pooler_output", dtype: "float32", row_shape: [2] },
        { name: "last_hidden_state", dtype: "float32", row_shape: [2, 3] },
      ],
      settings: {
        batch_size: 4,
        shard_size: 30,
        pictures: { mode: "square", side: 8, orientation: "ignore" },
        encoder: { executionProvider: "none", device: "none", dtype: "float32" },
      },
      provenance: { model: "counting", seed: 3 },
    });
    for (const { file, sha256: hash } of manifest.shards) {
      expect(sha256(readFileSync(join(output, file)))).toBe(hash);
    }
    expect(readFileSync(summary.manifest, "utf8")).not.toMatch(/\d{4}-\d\d-\d\dT/);
  });

  it("leaves nothing but the plan, the list, the shards and the manifest", () => {
    const names = ["00000", "00001", "00002", "00003"].flatMap((shard) => [
      `features-${shard}.json`,
      `features-${shard}.safetensors`,
    ]);
    expect(readdirSync(undisturbed).sort()).toEqual([
      "extraction.json",
      ...names,
      "manifest.json",
      "pictures.jsonl",
    ]);
  });

  it("stores float16 when it is told to", async () => {
    const output = newOutput();
    await extract({ output, storage: "float16" });
    const { tensors } = readShard(join(output, "features-00003.safetensors"));
    expect(tensors["pooler_output"]).toMatchObject({ dtype: "F16", shape: [9, 2] });
    // 90 is 1.40625 × 2^6.
    expect(tensors["pooler_output"]?.bytes.readUInt16LE(0)).toBe(0x55a0);
  });

  it("says in every shard that weights are random", async () => {
    const output = newOutput();
    const counting = countingEncoder();
    const encoder = { ...counting, info: { ...counting.info, synthesized: "random, seed 3" } };
    await extract({ output, encoder });
    const { metadata } = readShard(join(output, "features-00002.safetensors"));
    expect(metadata).toEqual({ synthesized: "random, seed 3" });
  });

  it("writes the same bytes with a real session, several of them, and more workers", async () => {
    const settings = { batchSize: 4, threads: 1 };
    const model = fixturePath("tiny-layernorm");
    await using first = await createVisionEncoder(model, settings);
    await using second = await createVisionEncoder(model, settings);
    const { height, width } = first.info.inputSize;
    const square = {
      ...PREPARATION,
      mode: "square",
      side: height,
      size: { height, width },
    } as const;
    const [one, two] = [newOutput(), newOutput()];
    await extract({ output: one, encoder: first, preparation: square, workers: 1 });
    await extract({ output: two, encoder: [first, second], preparation: square, workers: 3 });
    expect(differentFiles(one, two)).toEqual([]);
  });
});

// A chat checkpoint of 20 GB whose language model is one hole in a sparse file: what is read of it is what is needed.

import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, open, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { encodeSafetensorsHeader, type TensorDescription } from "@internvit/model-core";
import { difference, FLOAT32_GOLDEN_TOLERANCE } from "@internvit/test-kit";
import { afterAll, beforeAll, expect, test } from "vitest";

import {
  goldenOutput,
  goldenPixels,
  tinyChatConfig,
  tinyChatTensors,
  writeFolder,
} from "./tiny-chat.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-large-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** 10 million tokens of width 1024 in bfloat16 are 20.48 GB, and stand before every other tensor of the file. */
const LANGUAGE: TensorDescription = {
  name: "language_model.model.embed_tokens.weight",
  dtype: "bfloat16",
  shape: [10_000_000, 1024],
};

async function writeLargeCheckpoint(path: string): Promise<string> {
  const tensors = await tinyChatTensors();
  for (const name of tensors.keys()) if (name.startsWith("language_model.")) tensors.delete(name);
  const layout = encodeSafetensorsHeader([
    LANGUAGE,
    ...Array.from(tensors, ([name, { dtype, shape }]) => ({ name, dtype, shape })),
  ]);
  await mkdir(path);
  await writeFile(join(path, "config.json"), JSON.stringify(tinyChatConfig()));
  await using file = await open(join(path, "model.safetensors"), "w");
  await file.truncate(layout.byteLength);
  await file.write(layout.header, 0, layout.header.byteLength, 0);
  for (const { name, start } of layout.entries) {
    const data = tensors.get(name)?.data;
    if (data === undefined) continue;
    expect(start).toBeGreaterThan(20e9);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    await file.write(bytes, 0, bytes.byteLength, start);
  }
  return path;
}

interface Run {
  readonly tokens: Float32Array;
  readonly milliseconds: number;
  /** How far memory rose above what the process had before it opened the checkpoint, in bytes. */
  readonly growth: number;
}

/** Opens and encodes in a process of its own, so that its highest memory use is that of this work. */
async function encodeApart(checkpoint: string): Promise<Run> {
  const pixels = goldenPixels();
  const input = join(folder, "pixels");
  const output = join(folder, "tokens");
  await writeFile(input, new Uint8Array(pixels.data.buffer));
  const code = `
    import { readFileSync, writeFileSync } from "node:fs";
    import { createVisionEncoder } from "@internvit/runtime-node";
    const data = new Float32Array(Uint8Array.from(readFileSync(${JSON.stringify(input)})).buffer);
    const before = process.memoryUsage().rss;
    const begin = performance.now();
    const encoder = await createVisionEncoder(${JSON.stringify(checkpoint)}, { outputs: ["visual_tokens"] });
    const { visualTokens } = await encoder.encode({ dtype: "float32", shape: ${JSON.stringify(pixels.shape)}, data });
    const milliseconds = performance.now() - begin;
    const growth = process.resourceUsage().maxRSS * 1024 - before;
    writeFileSync(${JSON.stringify(output)}, visualTokens.data);
    console.log(JSON.stringify({ milliseconds, growth }));
    await encoder.dispose();
  `;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", code],
    { cwd: fileURLToPath(new URL("..", import.meta.url)), encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  await using file = await open(output);
  const tokens = new Float32Array(Uint8Array.from(await file.readFile()).buffer);
  return { tokens, ...(JSON.parse(stdout) as Omit<Run, "tokens">) };
}

test("encoder and projector of 20 GB open by reading only their own tensors", async () => {
  const large = await writeLargeCheckpoint(join(folder, "large"));
  const { size, blocks } = await stat(join(large, "model.safetensors"));
  expect(size).toBeGreaterThan(20e9);
  // Sparse, or the test would fill the disk: 512-byte blocks that are really there.
  expect(blocks * 512).toBeLessThan(10e6);
  const small = await writeFolder(join(folder, "small"), {
    config: tinyChatConfig(),
    tensors: await tinyChatTensors(),
  });
  const expected = await encodeApart(small);
  const run = await encodeApart(large);
  expect(run.tokens).toEqual(expected.tokens);
  const { maxAbsolute } = difference(run.tokens, goldenOutput("visual_tokens.v2.layer-1"));
  expect(maxAbsolute).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.maxAbsolute);
  expect(run.growth, "bytes").toBeLessThan(300e6);
  expect(run.growth - expected.growth, "bytes more than for a small file").toBeLessThan(50e6);
  expect(run.milliseconds).toBeLessThan(10_000);
});

import { spawnSync } from "node:child_process";
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { getPreset, isModelError, type EncoderConfig } from "@internvit/model-core";
import { synthesizeCheckpoint } from "@internvit/model-core/synthesize";
import { createVisionEncoder, isRuntimeError, openCheckpoint } from "@internvit/runtime-node";
import { goldenPath } from "@internvit/test-kit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-runtime-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A copy of a golden checkpoint that a test may damage. */
async function copyCheckpoint(name: string): Promise<string> {
  const copy = join(folder, name);
  await cp(goldenPath("tiny-layernorm"), copy, { recursive: true });
  return copy;
}

async function errorOf(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => {
      throw new Error("an error was expected");
    },
    (error: unknown) => error as Error,
  );
}

function grayPixels(count: number, side: number) {
  return {
    dtype: "uint8",
    shape: [count, side, side, 3],
    data: new Uint8Array(count * side * side * 3).fill(128),
  } as const;
}

/** Large enough that one run takes a good fraction of a second, small enough to write in a test. */
const BUSY: EncoderConfig = {
  ...getPreset("InternViT-300M-448px-V2_5").config,
  hiddenSize: 512,
  numAttentionHeads: 8,
  intermediateSize: 2048,
  numHiddenLayers: 6,
};

async function writeSynthesized(config: EncoderConfig, name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  for (const file of synthesizeCheckpoint(config, { seed: 1 }).files) {
    await writeFile(join(path, file.name), Buffer.concat([...file.chunks]));
  }
  return path;
}

describe("createVisionEncoder", () => {
  test("says what really runs", async () => {
    const path = goldenPath("tiny-layernorm");
    await using encoder = await createVisionEncoder(path, { threads: 1 });
    const { config } = await openCheckpoint(path);
    const side = config.imageSize;
    expect(encoder.info).toMatchObject({
      executionProvider: "cpu",
      dtype: "float32",
      threads: 1,
      inputSize: { height: side, width: side },
      outputs: ["last_hidden_state", "pooler_output"],
      checkpoint: path,
      synthesized: undefined,
    });
    expect(encoder.info.versions["onnxruntime-node"]).toMatch(/^\d+\.\d+\.\d+/);
    expect(encoder.config).toEqual(config);
  });

  test("splits what is larger than a batch, and keeps the order", async () => {
    const path = goldenPath("tiny-layernorm");
    const side = (await openCheckpoint(path)).config.imageSize;
    const pixels = Uint8Array.from({ length: 5 * side * side * 3 }, (_, i) => (i * 7919) % 251);
    const input = { dtype: "uint8", shape: [5, side, side, 3], data: pixels } as const;
    await using one = await createVisionEncoder(path, { batchSize: 1 });
    await using all = await createVisionEncoder(path, { batchSize: 5 });
    const expected = await all.encode(input);
    const features = await one.encode(input);
    expect(features.poolerOutput?.shape).toEqual(expected.poolerOutput?.shape);
    // Products of other sizes add in another order: the last bits differ.
    for (const [i, value] of (features.poolerOutput?.data ?? []).entries()) {
      expect(value).toBeCloseTo(expected.poolerOutput?.data[i] ?? Number.NaN, 4);
    }
  });

  test("never blocks the calling thread", async () => {
    const path = await writeSynthesized(BUSY, "busy");
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await using encoder = await createVisionEncoder(path, { outputs: ["pooler_output"] });
    expect(turns, "while it opens").toBeGreaterThan(10);
    turns = 0;
    await encoder.encode(grayPixels(1, 448));
    clearInterval(timer);
    // One run takes some hundred milliseconds; a blocked thread would not turn once.
    expect(turns, "while it runs").toBeGreaterThan(10);
    expect(encoder.info.synthesized).toMatch(/random weights, not a trained model; seed 1/);
  });

  test("rejects with the signal's reason while it runs, and can be used afterwards", async () => {
    const path = await writeSynthesized(BUSY, "busy-abort");
    await using encoder = await createVisionEncoder(path, { outputs: ["pooler_output"] });
    const controller = new AbortController();
    const reason = new Error("enough");
    const begin = performance.now();
    const running = encoder.encode(grayPixels(50, 448), { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(running).rejects.toBe(reason);
    expect(performance.now() - begin).toBeLessThan(2000);
    expect((await encoder.encode(grayPixels(1, 448))).poolerOutput?.shape).toEqual([1, 512]);
  });

  test("rejects calls that wait when it is disposed of, and lets the process end", async () => {
    const encoder = await createVisionEncoder(goldenPath("tiny-layernorm"));
    const side = encoder.info.inputSize.height;
    const error = errorOf(encoder.encode(grayPixels(20, side)));
    await encoder.dispose();
    await encoder.dispose();
    expect(isRuntimeError(await error)).toBe(true);
    const after = await errorOf(encoder.encode(grayPixels(1, side)));
    expect(after).toMatchObject({ name: "RuntimeError", code: "disposed" });
  });

  test("rejects with the signal's reason while it opens, and the process lives on", async () => {
    const path = await writeSynthesized(BUSY, "busy-open");
    const reason = new Error("changed my mind");
    for (const milliseconds of [0, 20, 60, 120]) {
      const signal = AbortSignal.timeout(milliseconds);
      const opening = createVisionEncoder(path, { signal });
      const error = await errorOf(
        opening.then((encoder) =>
          encoder.dispose().then(() => {
            throw reason;
          }),
        ),
      );
      expect(error === reason || error.name === "TimeoutError").toBe(true);
    }
    await using encoder = await createVisionEncoder(path);
    expect(encoder.info.executionProvider).toBe("cpu");
  });

  test.each(["open", "encode"])(
    "lets process.exit() through while it is busy with %s",
    async (busy) => {
      const path = await writeSynthesized(BUSY, `busy-exit-${busy}`);
      const code = `
      import { createVisionEncoder } from "@internvit/runtime-node";
      if (${JSON.stringify(busy)} === "open") setTimeout(() => process.exit(7), 100);
      const encoder = await createVisionEncoder(${JSON.stringify(path)}, { outputs: ["pooler_output"] });
      const pixels = { dtype: "uint8", shape: [9, 448, 448, 3], data: new Uint8Array(9 * 448 * 448 * 3) };
      encoder.encode(pixels);
      setTimeout(() => process.exit(7), 50);
    `;
      const { status, stderr } = spawnSync(
        process.execPath,
        ["--input-type=module", "--eval", code],
        {
          cwd: fileURLToPath(new URL("..", import.meta.url)),
          encoding: "utf8",
        },
      );
      expect(stderr).toBe("");
      expect(status).toBe(7);
    },
  );

  test("opens a Hugging Face cache snapshot, whose files are links into another folder", async () => {
    const root = join(folder, "cache");
    const snapshot = join(root, "snapshots/abc");
    await mkdir(snapshot, { recursive: true });
    await mkdir(join(root, "blobs"));
    for (const [i, file] of (await readdir(goldenPath("tiny-layernorm"))).entries()) {
      const blob = join(root, "blobs", `0${i}d4f0`);
      await cp(goldenPath("tiny-layernorm", file), blob);
      await symlink(`../../blobs/0${i}d4f0`, join(snapshot, file));
    }
    await using encoder = await createVisionEncoder(snapshot);
    expect(encoder.info.checkpoint).toBe(snapshot);
  });

  test("opens a sharded checkpoint", async () => {
    await using encoder = await createVisionEncoder(goldenPath("tiny-chat"));
    expect(encoder.info.outputs).toContain("pooler_output");
  });

  test("writes nothing beside the checkpoint", async () => {
    const copy = await copyCheckpoint("untouched");
    const before = await readdir(copy);
    await using encoder = await createVisionEncoder(copy);
    await encoder.encode(grayPixels(1, encoder.info.inputSize.height));
    expect(await readdir(copy)).toEqual(before);
  });
});

describe("a checkpoint that cannot be used", () => {
  test.each<[string, (path: string) => Promise<unknown>, string, RegExp]>([
    ["is missing", (path) => rm(path, { recursive: true }), "not-found", /no checkpoint folder/],
    ["has no config", (path) => rm(join(path, "config.json")), "not-found", /no config\.json/],
    [
      "has no weights",
      (path) => rm(join(path, "model.safetensors")),
      "not-found",
      /neither model\.safetensors nor model\.safetensors\.index\.json/,
    ],
    [
      "has truncated weights",
      (path) => truncate(join(path, "model.safetensors"), 20_000),
      "malformed",
      /model\.safetensors: .* file of 20000/,
    ],
    [
      "has empty weights",
      (path) => truncate(join(path, "model.safetensors"), 0),
      "malformed",
      /model\.safetensors: expected at least 8 bytes/,
    ],
    [
      "has a config of another depth",
      async (path) => {
        const file = join(path, "config.json");
        const config = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
        await writeFile(file, JSON.stringify({ ...config, num_hidden_layers: 9 }));
      },
      "mismatch",
      /missing tensors \(\d+\): encoder\.layers\.\d/,
    ],
    [
      "has the weights where a folder is",
      async (path) => {
        await rename(join(path, "model.safetensors"), join(path, "moved"));
        await mkdir(join(path, "model.safetensors"));
      },
      "io",
      /model\.safetensors is not a regular file/,
    ],
  ])("because it %s", async (name, damage, code, message) => {
    const path = await copyCheckpoint(name.replaceAll(" ", "-"));
    await damage(path);
    const error = await errorOf(createVisionEncoder(path));
    expect(isModelError(error) || isRuntimeError(error)).toBe(true);
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
    expect(error.message).toContain(path);
  });

  test("because it is a file", async () => {
    const error = await errorOf(createVisionEncoder(goldenPath("preprocess.json")));
    expect(error.message).toMatch(/is a file/);
  });
});

test("impossible options are refused with what was expected", async () => {
  const path = goldenPath("tiny-layernorm");
  await expect(createVisionEncoder(path, { batchSize: 0 })).rejects.toThrow(
    /batchSize.* ≥ 1, got 0/,
  );
  await expect(createVisionEncoder(path, { threads: -1 })).rejects.toThrow(/threads.* ≥ 0, got -1/);
  await expect(
    createVisionEncoder(path, { inputSize: { height: 112, width: 100 } }),
  ).rejects.toThrow(/multiple of the patch, 14 pixels, got 100×112/);
  await expect(
    createVisionEncoder(path, { signal: AbortSignal.abort(new Error("no")) }),
  ).rejects.toThrow("no");
});

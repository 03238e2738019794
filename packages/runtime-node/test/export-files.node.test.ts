// What an export leaves on the disk, and what it does not.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { exportModel, isRuntimeError, openCheckpoint } from "@internvit/runtime-node";
import { fixturePath } from "@internvit/test-kit";
import * as ort from "onnxruntime-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const CHECKPOINT = fixturePath("tiny-layernorm");
const FILES = [
  "config.json",
  "export.json",
  "model.onnx",
  "model.onnx.data",
  "preprocessor_config.json",
];
const SIDE = 112;

let folder: string;
let output: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "internvit-export-"));
  output = join(folder, "model");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function errorOf(call: Promise<unknown>): Promise<Error & { readonly code?: string }> {
  return call.then(
    () => {
      throw new Error("an error was expected");
    },
    (error: unknown) => error as Error,
  );
}

async function poolerOutput(model: string, feed: ort.Tensor): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(join(model, "model.onnx"));
  const [input = ""] = session.inputNames;
  const results = await session.run({ [input]: feed });
  await session.release();
  return results["pooler_output"]?.data as Float32Array;
}

function zeros(): ort.Tensor {
  return new ort.Tensor("float32", new Float32Array(3 * SIDE * SIDE), [1, 3, SIDE, SIDE]);
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Offset and length of every external initializer, in the order of the graph. */
function places(model: string): readonly { readonly offset: number; readonly length: number }[] {
  const graph = readFileSync(join(model, "model.onnx"), "latin1");
  const numbers = (key: string): readonly number[] =>
    Array.from(
      // A StringStringEntryProto: key and value with their lengths before them.
      graph.matchAll(new RegExp(`\n\x06${key}\x12[\x01-\x14](\\d+)`, "g")),
      ([, digits]) => Number(digits),
    );
  const lengths = numbers("length");
  return numbers("offset").map((offset, index) => ({ offset, length: lengths[index] ?? 0 }));
}

describe("the files of an export", () => {
  test.each(["float32", "stored"] as const)("start every %s weight at 4 KiB", async (dtype) => {
    const { files } = await exportModel(CHECKPOINT, { output, dtype });
    expect(readdirSync(output).toSorted()).toEqual(FILES);
    const found = places(output);
    expect(found.length).toBeGreaterThan(60);
    expect(found.filter(({ offset }) => offset % 4096 !== 0)).toEqual([]);
    const byOffset = found.toSorted((a, b) => a.offset - b.offset);
    for (const [index, { offset }] of byOffset.entries()) {
      const before = byOffset[index - 1];
      expect(offset).toBeGreaterThanOrEqual(
        before === undefined ? 0 : before.offset + before.length,
      );
    }
    const last = byOffset.at(-1)!;
    const data = files.find(({ name }) => name === "model.onnx.data");
    expect(data?.byteLength).toBe(last.offset + last.length);
  });

  test("use nothing but ONNX's own operators, and no 16-bit weights by default", async () => {
    for (const name of ["tiny-rmsnorm-qknorm", "tiny-float16", "tiny-chat"]) {
      const options = { output, overwrite: true, withProjector: name === "tiny-chat" };
      await exportModel(fixturePath(name), options);
      const graph = await readFile(join(output, "model.onnx"), "latin1");
      expect(graph).not.toContain("com.microsoft");
      expect(graph).not.toContain("Cast");
    }
    await exportModel(fixturePath("tiny-float16"), { output, overwrite: true, dtype: "stored" });
    expect(await readFile(join(output, "model.onnx"), "latin1")).toContain("Cast");
  });

  test("are the same bytes again, wherever they are written", async () => {
    const elsewhere = join(folder, "deep", "down", "another");
    const copy = join(folder, "tiny-layernorm");
    await cp(CHECKPOINT, copy, { recursive: true });
    await exportModel(CHECKPOINT, { output });
    await exportModel(`${copy}/`, { output: elsewhere });
    for (const name of FILES) {
      expect(sha256(join(elsewhere, name)), name).toBe(sha256(join(output, name)));
    }
  });

  test("say where they come from", async () => {
    const exported = await exportModel(fixturePath("tiny-chat"), {
      output,
      withProjector: true,
      batch: 2,
      source: "somebody/something@main",
    });
    const facts = JSON.parse(await readFile(join(output, "export.json"), "utf8"));
    expect(facts).toMatchObject({
      format: "onnx",
      checkpoint: { name: "somebody/something@main", layout: "chat" },
      dtype: "float32",
      inputs: [{ name: "pixel_values", dtype: "float32", shape: [2, 3, SIDE, SIDE] }],
      normalization: { where: "before the graph", mean: [0.485, 0.456, 0.406] },
      visual: { select_layer: -1, downsample_ratio: 0.5, pixel_shuffle_version: "v2" },
    });
    expect(facts.outputs.map(({ name }: { name: string }) => name)).toEqual([
      "last_hidden_state",
      "pooler_output",
      "visual_tokens",
    ]);
    for (const { name, sha256: hash } of facts.checkpoint.files) {
      expect(hash).toBe(sha256(fixturePath("tiny-chat", name)));
    }
    for (const { name, bytes, sha256: hash } of facts.files) {
      expect(hash).toBe(sha256(join(output, name)));
      expect(bytes).toBe(readFileSync(join(output, name)).byteLength);
    }
    expect(exported.files.map(({ name }) => name).toSorted()).toEqual([
      "config.json",
      "export.json",
      "model.onnx",
      "model.onnx.data",
    ]);
    const graph = await readFile(join(output, "model.onnx"), "latin1");
    expect(graph).toContain("somebody/something@main");
    expect(graph).not.toContain(folder);
    expect(exported.check?.outputs.map(({ name }) => name)).toContain("visual_tokens");
  });

  test("load from wherever they are moved to, without the checkpoint", async () => {
    const checkpoint = join(folder, "checkpoint");
    await cp(CHECKPOINT, checkpoint, { recursive: true });
    await exportModel(checkpoint, { output });
    const expected = await poolerOutput(output, zeros());
    await rm(checkpoint, { recursive: true });
    const moved = join(folder, "moved here");
    await rename(output, moved);
    expect(await poolerOutput(moved, zeros())).toEqual(expected);
  });

  test("take uint8 pixels and normalise them as the checkpoint says", async () => {
    const checkpoint = join(folder, "checkpoint");
    await cp(CHECKPOINT, checkpoint, { recursive: true });
    const config = join(checkpoint, "preprocessor_config.json");
    const json = JSON.parse(await readFile(config, "utf8"));
    const constants = { image_mean: [0.2, 0.2, 0.2], image_std: [1, 1, 1] };
    await writeFile(config, JSON.stringify({ ...json, ...constants }));
    await exportModel(checkpoint, { output, inputs: ["pixels"] });
    // 51 / 255 = 0.2
    const pixels = new Uint8Array(3 * SIDE * SIDE).fill(51);
    const fromPixels = await poolerOutput(
      output,
      new ort.Tensor("uint8", pixels, [1, SIDE, SIDE, 3]),
    );
    await exportModel(checkpoint, { output, overwrite: true });
    const expected = await poolerOutput(output, zeros());
    const gaps = fromPixels.map((value, index) => Math.abs(value - expected[index]!));
    expect(Math.max(...gaps)).toBeLessThan(1e-4);
  });
});

describe("an export that cannot be", () => {
  test("refuses a folder that is not empty, and replaces only what it wrote", async () => {
    await mkdir(output);
    // An empty folder is as good as none.
    await exportModel(CHECKPOINT, { output });
    const before = sha256(join(output, "model.onnx"));
    const refused = await errorOf(exportModel(CHECKPOINT, { output, batch: 2 }));
    expect(refused).toMatchObject({ name: "RuntimeError", code: "exists" });
    expect(refused.message).toContain("overwrite");
    expect(sha256(join(output, "model.onnx"))).toBe(before);
    await exportModel(CHECKPOINT, { output, batch: 2, overwrite: true });
    expect(sha256(join(output, "model.onnx"))).not.toBe(before);
    await writeFile(join(output, "thesis.docx"), "years of work");
    const kept = await errorOf(exportModel(CHECKPOINT, { output, overwrite: true }));
    expect(kept).toMatchObject({ code: "exists" });
    expect(kept.message).toContain("thesis.docx");
    expect(readdirSync(folder)).toEqual(["model"]);
    expect(readdirSync(output)).toContain("thesis.docx");
  });

  test("never takes a file, or the checkpoint itself, for its folder", async () => {
    await writeFile(output, "a file");
    expect(await errorOf(exportModel(CHECKPOINT, { output, overwrite: true }))).toMatchObject({
      code: "exists",
    });
    const checkpoint = join(folder, "checkpoint");
    await cp(CHECKPOINT, checkpoint, { recursive: true });
    const error = await errorOf(exportModel(checkpoint, { output: checkpoint, overwrite: true }));
    expect(error).toMatchObject({ code: "exists" });
    expect(readdirSync(checkpoint)).toContain("model.safetensors");
  });

  test.each(["hash", "write", "check"] as const)(
    "leaves nothing behind when it is aborted: %s",
    async (stage) => {
      const controller = new AbortController();
      const reason = new Error("enough");
      const call = exportModel(CHECKPOINT, {
        output: join(folder, "new", "model"),
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.stage === stage) controller.abort(reason);
        },
      });
      expect(await errorOf(call)).toBe(reason);
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test("keeps what it was to replace when it is aborted", async () => {
    await exportModel(CHECKPOINT, { output });
    const before = sha256(join(output, "model.onnx"));
    const controller = new AbortController();
    const call = exportModel(CHECKPOINT, {
      output,
      overwrite: true,
      batch: 4,
      signal: controller.signal,
      onProgress: ({ stage }) => stage === "check" && controller.abort(),
    });
    expect(await errorOf(call)).toMatchObject({ name: "AbortError" });
    expect(sha256(join(output, "model.onnx"))).toBe(before);
    expect(readdirSync(folder)).toEqual(["model"]);
  });

  test("does not pass its check with other weights than the checkpoint's", async () => {
    const call = exportModel(CHECKPOINT, {
      output,
      onProgress({ stage, done }) {
        if (stage !== "check" || done > 0) return;
        const [part = ""] = readdirSync(folder);
        const path = join(folder, part, "model.onnx.data");
        const data = readFileSync(path);
        const { offset, length } = places(join(folder, part)).find(({ length }) => length > 4096)!;
        data.copyWithin(offset, offset + length / 2, offset + length);
        writeFileSync(path, data);
      },
    });
    const error = await errorOf(call);
    expect(isRuntimeError(error) && error.code).toBe("check-failed");
    expect(error.message).toMatch(
      /(last_hidden_state|pooler_output) differs .* nothing was written/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test("does not pass its check with features that are not numbers", async () => {
    const checkpoint = join(folder, "checkpoint");
    await cp(CHECKPOINT, checkpoint, { recursive: true });
    const { tensors } = await openCheckpoint(checkpoint);
    const { start, byteLength } = tensors.get("embeddings.class_embedding")!;
    const path = join(checkpoint, "model.safetensors");
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0xff, start, start + byteLength));
    const error = await errorOf(exportModel(checkpoint, { output }));
    expect(error).toMatchObject({ code: "check-failed" });
    expect(error.message).toContain("NaN");
    const unchecked = await exportModel(checkpoint, { output, check: false });
    expect(unchecked.check).toBeUndefined();
  });

  test.each([
    ["a size that is no multiple of the patch", { inputSize: { height: 100, width: 112 } }],
    ["a batch of nothing", { batch: 0 }],
    ["two inputs", { inputs: ["pixels", "pixel_values"] as const }],
    ["no input", { inputs: [] }],
    ["a projector that is not there", { withProjector: true }],
    ["a layer that the model does not have", { outputs: ["hidden_states.9"] as const }],
  ])("is refused before anything is written: %s", async (_, options) => {
    const call = exportModel(CHECKPOINT, { output: join(folder, "a", "b"), ...options });
    expect(await errorOf(call)).toMatchObject({ name: /^(Model|Runtime)Error$/ });
    expect(readdirSync(folder)).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { bytesSource } from "../../src/byte-source.ts";
import { memoryDirectory } from "../../src/checkpoint/directory.ts";
import { readCheckpoint, type Checkpoint } from "../../src/checkpoint/read-checkpoint.ts";
import { encodeSafetensors } from "../../src/safetensors/write.ts";
import type { ModelError } from "../../src/errors.ts";
import { modelErrorOf } from "../model-error-of.ts";
import { jsonBytes, readAll, TINY, tinyFiles } from "./tiny-checkpoint.ts";
import { joinBytes } from "../join-bytes.ts";

const INDEX = "model.safetensors.index.json";

function read(files: ReadonlyMap<string, Uint8Array>): Promise<Checkpoint> {
  return readCheckpoint(memoryDirectory("models/tiny", files));
}

function refusal(files: ReadonlyMap<string, Uint8Array>): Promise<ModelError> {
  return modelErrorOf(() => read(files));
}

/** The tiny checkpoint with its tensors dealt to two shards. */
async function shardedFiles(): Promise<{
  files: Map<string, Uint8Array>;
  weightMap: Record<string, string>;
}> {
  const files = tinyFiles();
  const tensors = [...(await readAll(files.get("model.safetensors")!))];
  const weightMap: Record<string, string> = {};
  for (const shard of [0, 1]) {
    const file = `model-0000${shard + 1}-of-00002.safetensors`;
    const part = tensors.filter((_, index) => index % 2 === shard);
    for (const [name] of part) weightMap[name] = file;
    files.set(file, joinBytes(encodeSafetensors(new Map(part))));
  }
  files.delete("model.safetensors");
  files.set(INDEX, jsonBytes({ metadata: { total_size: 1 }, weight_map: weightMap }));
  return { files, weightMap };
}

describe("readCheckpoint", () => {
  it("reads one file", async () => {
    const checkpoint = await read(tinyFiles());
    expect(checkpoint.label).toBe("models/tiny");
    expect(checkpoint.config).toEqual(TINY);
    expect(checkpoint.layout).toBe("standalone");
    expect(checkpoint.preprocessorJson).toMatchObject({ crop_size: 28, resample: 3 });
    expect([...checkpoint.files.keys()]).toEqual(["model.safetensors"]);
    expect(checkpoint.tensors.get("encoder.layers.1.ls2")).toMatchObject({
      dtype: "float32",
      shape: [8],
      file: "model.safetensors",
      byteLength: 32,
    });
  });

  it("reads shards, each tensor at its place in its own file", async () => {
    const whole = await read(tinyFiles());
    const { files } = await shardedFiles();
    const checkpoint = await read(files);
    expect(checkpoint.files.size).toBe(2);
    expect([...checkpoint.tensors.keys()].sort()).toEqual([...whole.tensors.keys()].sort());
    for (const [name, { file, start, byteLength }] of checkpoint.tensors) {
      const bytes = await checkpoint.files.get(file)!.read(start, start + byteLength);
      const entry = whole.tensors.get(name)!;
      expect(bytes).toEqual(
        await whole.files.get(entry.file)!.read(entry.start, entry.start + entry.byteLength),
      );
    }
  });

  it("prefers the one file to an index, as transformers does", async () => {
    const files = tinyFiles().set(INDEX, jsonBytes({ weight_map: { a: "../evil.safetensors" } }));
    expect((await read(files)).files.size).toBe(1);
  });

  it("does without preprocessor_config.json", async () => {
    const files = tinyFiles();
    files.delete("preprocessor_config.json");
    expect((await read(files)).preprocessorJson).toBeUndefined();
  });

  it("records a shard that is not there, with the tensors that it holds", async () => {
    const { files, weightMap } = await shardedFiles();
    const name = "model-00002-of-00002.safetensors";
    files.delete(name);
    const checkpoint = await read(files);
    const tensors = Object.keys(weightMap).filter((tensor) => weightMap[tensor] === name);
    expect(checkpoint.absentShards).toEqual([{ name, tensors }]);
    expect([...checkpoint.files.keys()]).toEqual(["model-00001-of-00002.safetensors"]);
    for (const tensor of tensors) expect(checkpoint.tensors.has(tensor)).toBe(false);
  });

  it("records tensors of a shard that the index leaves out", async () => {
    const { files, weightMap } = await shardedFiles();
    delete weightMap["encoder.layers.0.ls1"];
    files.set(INDEX, jsonBytes({ weight_map: weightMap }));
    const checkpoint = await read(files);
    expect(checkpoint.unlistedTensors).toEqual(["encoder.layers.0.ls1"]);
    expect(checkpoint.tensors.has("encoder.layers.0.ls1")).toBe(false);
  });

  it("hands the signal on", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    const directory = memoryDirectory("tiny", tinyFiles());
    await expect(readCheckpoint(directory, { signal })).rejects.toThrow("enough");
  });

  it("lets the directory's own errors through", async () => {
    const cause = new Error("disk on fire");
    const directory = { label: "x", open: () => Promise.reject(cause) };
    await expect(readCheckpoint(directory)).rejects.toBe(cause);
  });
});

describe("readCheckpoint refuses", () => {
  it("a directory without config.json", async () => {
    const files = tinyFiles();
    files.delete("config.json");
    const error = await refusal(files);
    expect(error.code).toBe("not-found");
    expect(error.message).toBe("models/tiny: there is no config.json");
  });

  it("a directory without weights, and says which it looked for", async () => {
    const files = tinyFiles();
    files.delete("model.safetensors");
    const error = await refusal(files.set("pytorch_model.bin", new Uint8Array(4)));
    expect(error.code).toBe("not-found");
    expect(error.message).toContain("neither model.safetensors nor model.safetensors.index.json");
    expect(error.message).toContain(".bin");
  });

  it.each([
    ["an empty config", new Uint8Array(0), "expected JSON in UTF-8, found an empty file"],
    ["a config that is cut off", new TextEncoder().encode('{"model_type": "int'), "expected JSON"],
    ["a config that is not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "expected JSON in UTF-8"],
    [
      "a config nested deeper than any",
      new TextEncoder().encode("[".repeat(1e6)),
      "expected JSON in UTF-8, found objects or arrays more than 100 deep",
    ],
    [
      "a config of a wrong type",
      jsonBytes({ model_type: "intern_vit_6b", hidden_size: "8" }),
      'hidden_size: expected a whole number above 0, found "8"',
    ],
    [
      "a mark of a wrong type",
      jsonBytes({ model_type: "intern_vit_6b", internvit_synthesized: { seed: "x" } }),
      'internvit_synthesized.seed: expected a number, found "x"',
    ],
  ])("%s", async (_, bytes, message) => {
    const error = await refusal(tinyFiles().set("config.json", bytes));
    expect(error).toMatchObject({ code: "malformed", subject: "models/tiny/config.json" });
    expect(error.message).toContain(`models/tiny/config.json: ${message}`);
  });

  it("a huge config, unread", async () => {
    const files = memoryDirectory("x", tinyFiles());
    const source = { ...bytesSource(new Uint8Array(0)), byteLength: 2 ** 40 };
    const error = await modelErrorOf(() =>
      readCheckpoint({
        label: "x",
        open: async (name) => (name === "config.json" ? source : files.open(name)),
      }),
    );
    expect(error.message).toBe(
      "x/config.json: expected at most 1048576 bytes of JSON, found 1099511627776",
    );
  });

  it("truncated weights", async () => {
    const files = tinyFiles();
    const whole = files.get("model.safetensors")!;
    for (const length of [0, 7, 100, whole.byteLength - 1]) {
      const error = await refusal(files.set("model.safetensors", whole.slice(0, length)));
      expect(error).toMatchObject({ code: "malformed", subject: "models/tiny/model.safetensors" });
    }
  });

  it("shards of which none is there", async () => {
    const { files } = await shardedFiles();
    files.delete("model-00001-of-00002.safetensors");
    files.delete("model-00002-of-00002.safetensors");
    const error = await refusal(files);
    expect(error.code).toBe("not-found");
    expect(error.message).toBe(
      `models/tiny: none of the 2 shards that ${INDEX} lists is there: "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"`,
    );
  });

  it("a shard that does not hold what the index says", async () => {
    const { files, weightMap } = await shardedFiles();
    const file = "model-00001-of-00002.safetensors";
    files.set(INDEX, jsonBytes({ weight_map: { ...weightMap, extra: file } }));
    const error = await refusal(files);
    expect(error).toMatchObject({ code: "mismatch", subject: `models/tiny/${file}` });
    expect(error.message).toContain(
      "1 tensors that model.safetensors.index.json says are here are not: extra",
    );
  });

  it.each([
    "../model.safetensors",
    "/etc/model.safetensors",
    "sub/model.safetensors",
    "..\\model.safetensors",
    "C:model.safetensors",
    "model.safetensors\0.safetensors",
    "model\n.safetensors",
    ".hidden.safetensors",
    "..",
    "",
    `${"x".repeat(300)}.safetensors`,
  ])("a shard path that is no plain file name: %j", async (file) => {
    const { files, weightMap } = await shardedFiles();
    const opened: string[] = [];
    const inner = memoryDirectory("models/tiny", files);
    files.set(INDEX, jsonBytes({ weight_map: { ...weightMap, extra: file } }));
    const error = await modelErrorOf(() =>
      readCheckpoint({
        label: inner.label,
        open: (name) => {
          opened.push(name);
          return inner.open(name);
        },
      }),
    );
    expect(error).toMatchObject({ code: "malformed", subject: `models/tiny/${INDEX}` });
    expect(error.message).toContain("expected plain file names beside the index, found");
    expect(opened).not.toContain(file);
  });

  it.each([
    [{ weight_map: { a: "pytorch_model.bin" } }, "unsupported", "end in .safetensors"],
    [{ weight_map: {} }, "malformed", "at least one tensor"],
    [{ weight_map: [] }, "malformed", "weight_map: expected an object, found an array of 0"],
    [{ weight_map: { a: 5 } }, "malformed", "weight_map.a: expected a string, found 5"],
    [{}, "malformed", "weight_map: expected an object, found nothing"],
    [[], "malformed", "expected an object"],
    [
      {
        weight_map: Object.fromEntries(
          Array.from({ length: 2000 }, (_, i) => [`t${i}`, `${i}.safetensors`]),
        ),
      },
      "unsupported",
      "at most 1000 shards",
    ],
  ])("the index %j", async (index, code, message) => {
    const { files } = await shardedFiles();
    const error = await refusal(files.set(INDEX, jsonBytes(index)));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });
});

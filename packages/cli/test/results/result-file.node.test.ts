import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Tensor } from "@internvit/model-core";
import { describe, expect, it } from "vitest";

import { createResultFile } from "../../src/results/formats.ts";
import { readNpy, readSafetensors } from "../read-results.ts";
import { temporaryFolder } from "../run-cli.ts";

const signal = new AbortController().signal;
const OPTIONS = { synthesized: undefined, signal };

function rows(first: number, count: number): Tensor<"float32"> {
  const data = Float32Array.from({ length: count * 6 }, (_, i) => first * 6 + i + 0.1);
  return { dtype: "float32", shape: [count, 2, 3], data };
}

/** The tensor `a` of a result file in any of the formats. */
function readRows(path: string): { readonly shape: readonly number[]; readonly data: unknown } {
  if (path.endsWith(".jsonl")) {
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const nested: number[][][] = lines.map((line) => JSON.parse(line).a);
    const shape = [nested.length, nested[0]!.length, nested[0]![0]!.length];
    return { shape, data: Float32Array.from(nested.flat(2)) };
  }
  const npy = path.endsWith(".npy");
  const { shape, data } = npy ? readNpy(path) : readSafetensors(path).tensors.get("a")!;
  return { shape, data };
}

describe.each(["f.safetensors", "f.npy", "f.jsonl"])("a result file %s", (name) => {
  it("shows nothing under its name before it is finished, and nothing else afterwards", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, name);
    let written: readonly string[];
    {
      await using file = createResultFile(path, OPTIONS);
      await file.append(new Map([["a", rows(0, 2)]]), ["x", "y"]);
      expect(readdirSync(folder.path).every((entry) => entry.startsWith("."))).toBe(true);
      await file.append(new Map([["a", rows(2, 1)]]), ["z"]);
      written = await file.finish({ files: ["x", "y", "z"], note: "text" });
    }
    expect(
      readdirSync(folder.path)
        .map((entry) => join(folder.path, entry))
        .toSorted(),
    ).toEqual([...written].toSorted());
    expect(readRows(path)).toEqual({ shape: [3, 2, 3], data: rows(0, 3).data });
  });

  it("leaves nothing when it is not finished", async () => {
    using folder = temporaryFolder();
    {
      await using file = createResultFile(join(folder.path, name), OPTIONS);
      await file.append(new Map([["a", rows(0, 2)]]), ["x", "y"]);
    }
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("leaves nothing when it is interrupted at the end", async () => {
    using folder = temporaryFolder();
    const controller = new AbortController();
    const finish = async (): Promise<void> => {
      const options = { ...OPTIONS, signal: controller.signal };
      await using file = createResultFile(join(folder.path, name), options);
      await file.append(new Map([["a", rows(0, 2)]]), ["x", "y"]);
      controller.abort(new Error("stop"));
      await file.finish({});
    };
    await expect(finish()).rejects.toThrow("stop");
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

it("several tensors may have rows of different shapes and types", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "f.safetensors");
  await using file = createResultFile(path, OPTIONS);
  const bytes: Tensor<"uint8"> = { dtype: "uint8", shape: [2, 1], data: Uint8Array.of(7, 8) };
  await file.append(
    new Map<string, Tensor>([
      ["b", bytes],
      ["a", rows(0, 2)],
    ]),
    ["x", "y"],
  );
  await file.finish({ files: ["x", "y"] });
  const { tensors, metadata } = readSafetensors(path);
  expect(tensors.get("b")).toEqual({ dtype: "U8", shape: [2, 1], data: bytes.data });
  expect(tensors.get("a")!.data).toEqual(rows(0, 2).data);
  expect(metadata).toEqual({ files: '["x","y"]' });
});

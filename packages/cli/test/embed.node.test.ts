import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import {
  difference,
  FLOAT32_GOLDEN_TOLERANCE,
  fixturePath,
  photosDirectory,
} from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { readNpy, readSafetensors } from "./read-results.ts";
import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

const MODEL = fixturePath("tiny-layernorm");
const IMAGES = ["photo-444.jpg", "gray.jpg", "rgb.png", "photo-420.jpg", "small.png"].map((name) =>
  fixturePath("images", name),
);

describe("embed", () => {
  it("writes named tensors with the pictures in order, whatever the batch size", async () => {
    using folder = temporaryFolder();
    const outputs = ["pooler_output", "last_hidden_state", "hidden_states.3", "patch_mean"];
    const paths = [];
    for (const batchSize of ["1", "2", "16"]) {
      const path = join(folder.path, `batch-${batchSize}.safetensors`);
      paths.push(path);
      const finished = await runCli([
        "embed",
        ...IMAGES,
        "--model",
        MODEL,
        "--output",
        path,
        "--outputs",
        outputs.join(","),
        "--batch-size",
        batchSize,
        "--threads",
        "1",
      ]);
      expect(finished).toMatchObject({ code: 0, stderr: "" });
      expect(finished.stdout).toContain("encoded 5 images");
    }
    expect(readdirSync(folder.path)).toHaveLength(3);
    const [one, two, all] = paths.map(readSafetensors);
    expect([...one!.tensors.keys()].toSorted()).toEqual(outputs.toSorted());
    expect(one!.tensors.get("pooler_output")!.shape).toEqual([5, 64]);
    expect(one!.tensors.get("last_hidden_state")!.shape).toEqual([5, 65, 64]);
    for (const other of [two, all]) {
      for (const [name, { shape, data }] of one!.tensors) {
        expect(other!.tensors.get(name)!.shape).toEqual(shape);
        const apart = difference(other!.tensors.get(name)!.data, data);
        expect(apart.maxAbsolute).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.maxAbsolute);
      }
    }

    const { metadata } = one!;
    expect(JSON.parse(metadata["files"]!)).toEqual(IMAGES);
    expect(metadata).toMatchObject({
      model: MODEL,
      preprocess: "clip",
      image_size: "[112,112]",
      execution_provider: "cpu",
    });
    expect(metadata["device"]).toBeTruthy();
    expect(JSON.parse(metadata["versions"]!)).toMatchObject({
      internvit: expect.any(String),
      "onnxruntime-node": expect.any(String),
      sharp: expect.any(String),
    });
    expect(metadata).not.toHaveProperty("synthesized");
    expect(metadata).not.toHaveProperty("failed");
  });

  it("gives each picture the features that it has alone", async () => {
    using folder = temporaryFolder();
    const together = join(folder.path, "together.npy");
    await runCli(["embed", ...IMAGES, "--model", MODEL, "--output", together]);
    const all = readNpy(together);
    expect(all).toMatchObject({ dtype: "F32", shape: [5, 64] });
    const alone = join(folder.path, "alone.npy");
    await runCli(["embed", IMAGES[3]!, "--model", MODEL, "--output", alone]);
    const apart = difference(all.data.subarray(3 * 64, 4 * 64), readNpy(alone).data);
    expect(apart.maxAbsolute).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.maxAbsolute);
    const sidecar = JSON.parse(readFileSync(`${alone}.json`, "utf8"));
    expect(sidecar).toMatchObject({ files: [IMAGES[3]], model: MODEL, preprocess: "clip" });
  });

  it("writes one line of JSON per picture", async () => {
    using folder = temporaryFolder();
    const lines = join(folder.path, "features.jsonl");
    const tensors = join(folder.path, "features.safetensors");
    for (const output of [lines, tensors]) {
      const outputs = "patch_mean,last_hidden_state";
      const model = ["--model", MODEL, "--outputs", outputs, "--output", output];
      expect((await runCli(["embed", IMAGES[0]!, IMAGES[1]!, ...model])).code).toBe(0);
    }
    const rows = readFileSync(lines, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.map((row) => row.file)).toEqual(IMAGES.slice(0, 2));
    const expected = readSafetensors(tensors).tensors;
    for (const name of ["patch_mean", "last_hidden_state"]) {
      expect(rows.flatMap((row) => row[name].flat(2))).toEqual(
        Array.from(expected.get(name)!.data),
      );
    }
    expect(rows[0].last_hidden_state).toHaveLength(65);
    expect(rows[0].last_hidden_state[0]).toHaveLength(64);
  });

  it("takes another size and the square mode", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "square.safetensors");
    const finished = await runCli([
      "embed",
      IMAGES[0]!,
      "--model",
      MODEL,
      "--output",
      output,
      "--preprocess",
      "square",
      "--image-size",
      "140",
      "--outputs",
      "last_hidden_state",
    ]);
    expect(finished.code).toBe(0);
    const { tensors, metadata } = readSafetensors(output);
    expect(tensors.get("last_hidden_state")!.shape).toEqual([1, 101, 64]);
    expect(metadata).toMatchObject({ preprocess: "square", image_size: "[140,140]" });
  });

  it("says so when a checkpoint has no preprocessor_config.json", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "features.npy");
    const model = fixturePath("tiny-transformers-native");
    const finished = await runCli(["embed", IMAGES[0]!, "--model", model, "--output", output]);
    expect(finished.code).toBe(0);
    expect(finished.stderr).toContain("has no preprocessor_config.json");
  });

  it("reads uint8 pixels that preprocess wrote, and gives the same features", async () => {
    using folder = temporaryFolder();
    const pixels = join(folder.path, "pixels.safetensors");
    const config = fixturePath("tiny-layernorm", "preprocessor_config.json");
    await runCli(["preprocess", ...IMAGES, "--config", config, "--output", pixels]);
    const stored = join(folder.path, "stored.npy");
    const direct = join(folder.path, "direct.npy");
    const source = ["--pixel-values", `${pixels}:pixels`, "--batch-size", "2"];
    expect((await runCli(["embed", ...source, "--model", MODEL, "--output", stored])).code).toBe(0);
    await runCli(["embed", ...IMAGES, "--model", MODEL, "--output", direct]);
    const apart = difference(readNpy(stored).data, readNpy(direct).data);
    expect(apart.maxAbsolute).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.maxAbsolute);
  });

  it("says everything as events with --json", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "features.safetensors");
    const finished = await runCli([
      "--json",
      "embed",
      ...IMAGES,
      "--model",
      MODEL,
      "--output",
      output,
    ]);
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    const events = eventsOf(finished);
    expect(events.filter(({ event }) => event === "progress")).toEqual(
      IMAGES.map((file, index) => ({
        event: "progress",
        stage: "encode",
        unit: "images",
        file,
        done: index + 1,
        total: 5,
      })),
    );
    expect(events.at(-1)).toMatchObject({
      event: "result",
      command: "embed",
      images: 5,
      failed: [],
      files: [output],
      outputs: { pooler_output: [5, 64] },
    });
  });

  it("replaces a file that is there, and leaves nothing else", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "features.npy");
    for (const images of [IMAGES.slice(0, 2), IMAGES.slice(0, 1)]) {
      expect((await runCli(["embed", ...images, "--model", MODEL, "--output", output])).code).toBe(
        0,
      );
    }
    expect(readNpy(output).shape).toEqual([1, 64]);
    expect(readdirSync(folder.path).toSorted()).toEqual(["features.npy", "features.npy.json"]);
  });

  it("does not need the file names to be plain", async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'ünïcode "dir"'));
    const output = join(folder.path, 'ünïcode "dir"', "fe atures:1.safetensors");
    await runCli(["embed", IMAGES[0]!, "--model", MODEL, "--output", output]);
    const again = join(folder.path, "again.npy");
    // Any tensor will do to see the file found: this one has the wrong shape.
    const finished = await runCli([
      "embed",
      "--pixel-values",
      `${output}:pooler_output`,
      "--model",
      MODEL,
      "--output",
      again,
    ]);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain(
      "tensor pooler_output: expected float32 [n, 3, height, width]",
    );
    expect(existsSync(again)).toBe(false);
  });

  const photos = photosDirectory();
  it.skipIf(photos === undefined)(
    "encodes real photographs (skipped where INTERNVIT_PHOTOS names no folder)",
    async () => {
      using folder = temporaryFolder();
      const files = readdirSync(photos!).map((name) => join(photos!, name));
      const output = join(folder.path, "photos.npy");
      const finished = await runCli(["embed", ...files, "--model", MODEL, "--output", output]);
      expect(finished).toMatchObject({ code: 0, stderr: "" });
      const { shape, data } = readNpy(output);
      expect(shape[0]).toBe(files.length);
      expect(data.every(Number.isFinite)).toBe(true);
    },
  );
});

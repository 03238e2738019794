import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parseEncoderConfig } from "@internvit/model-core";
import { fixturePath, readGoldenJson } from "@internvit/test-kit";
import sharp from "sharp";
import { describe, expect, it } from "vitest";

import { main } from "../src/main.ts";
import { readSafetensors } from "./read-results.ts";
import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

const MODEL = fixturePath("tiny-layernorm");
const PHOTO = fixturePath("images", "photo-420.jpg");

describe("show", () => {
  it("writes features and a drawing, and says what it did", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "made", "here");
    const finished = await runCli(["show", PHOTO, "--model", MODEL, "--output", output]);
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    for (const words of [
      /^picture +.*photo-420\.jpg, 1024x683 pixels/m,
      /^tokens +65: the class token and 8x8 patches of a 112x112 crop$/m,
      /^features +last_hidden_state \[1, 65, 64\], pooler_output \[1, 64\], float32$/m,
      /^ran on +cpu: ./m,
      /^time +decode .* preprocess .* open model .* encode .* draw .*s$/m,
    ]) {
      expect(finished.stdout).toMatch(words);
    }
    expect(readdirSync(output).toSorted()).toEqual(["features.png", "features.safetensors"]);
    const { tensors, metadata } = readSafetensors(join(output, "features.safetensors"));
    expect(tensors.get("last_hidden_state")!.shape).toEqual([1, 65, 64]);
    expect(JSON.parse(metadata["files"]!)).toEqual([PHOTO]);
    const drawing = await sharp(join(output, "features.png")).metadata();
    expect(drawing).toMatchObject({ format: "png", width: 112 + 8 + 112, height: 112 });
  });

  it("draws the crop beside one square per patch, the same each time", async () => {
    using folder = temporaryFolder();
    const drawings = [];
    for (const output of [join(folder.path, "a"), join(folder.path, "b")]) {
      await runCli(["show", PHOTO, "--model", MODEL, "--output", output]);
      drawings.push(readFileSync(join(output, "features.png")));
    }
    expect(drawings[1]).toEqual(drawings[0]);
    const { data, info } = await sharp(drawings[0]!).raw().toBuffer({ resolveWithObject: true });
    expect(info.channels).toBe(3);
    const at = (x: number, y: number): string =>
      data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3).join();
    expect(at(112, 50)).toBe("255,255,255");
    const colors = new Set<string>();
    for (let patch = 0; patch < 64; patch++) {
      const x = 120 + (patch % 8) * 14;
      const y = Math.floor(patch / 8) * 14;
      expect(at(x + 13, y + 13)).toBe(at(x, y));
      colors.add(at(x, y));
    }
    expect(colors.size).toBeGreaterThan(32);
  });

  it("says everything as one result with --json", async () => {
    using folder = temporaryFolder();
    const args = ["show", PHOTO, "--model", MODEL, "--output", folder.path, "--json"];
    const [result] = eventsOf(await runCli(args));
    expect(result).toMatchObject({
      event: "result",
      command: "show",
      width: 1024,
      height: 683,
      tokens: 65,
      milliseconds: { decode: expect.any(Number), encode: expect.any(Number) },
    });
  });

  it("leaves nothing when the picture is bad", async () => {
    using folder = temporaryFolder();
    const args = ["show", fixturePath("preprocess.json"), "--model", MODEL];
    const finished = await runCli([...args, "--output", folder.path]);
    expect(finished.code).toBe(1);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("makes the default model once, and says in every output that it is random", async () => {
    using folder = temporaryFolder();
    const { config } = parseEncoderConfig(readGoldenJson("tiny-layernorm", "config.json"));
    const output = join(folder.path, "output");
    const run = async (): Promise<{ code: number; stdout: string; stderr: string }> => {
      let stdout = "";
      let stderr = "";
      const code = await main(["show", PHOTO, "--output", output], {
        stdout: { write: (text) => (stdout += text) },
        stderr: { write: (text) => (stderr += text) },
        env: { INTERNVIT_CACHE: join(folder.path, "cache") },
        defaultModel: { name: "tiny", config },
      });
      return { code, stdout, stderr };
    };
    const first = await run();
    expect(first.code).toBe(0);
    expect(first.stderr).toContain("writing the default model tiny");
    const second = await run();
    expect(second.code).toBe(0);
    expect(second.stderr).not.toContain("writing the default model");
    for (const { stdout, stderr } of [first, second]) {
      expect(stderr).toContain("no --model given, so the default model tiny is used");
      expect(stdout).toMatch(/^weights +seeded random weights, not a trained model; seed 0$/m);
    }
    const { metadata } = readSafetensors(join(output, "features.safetensors"));
    expect(metadata).toMatchObject({
      model: "tiny",
      synthesized: "seeded random weights, not a trained model; seed 0",
    });
    const { exif } = await sharp(join(output, "features.png")).metadata();
    expect(exif?.toString("latin1")).toContain("seeded random weights, not a trained model");
    expect(readdirSync(join(folder.path, "cache", "models"))).toEqual(["tiny-seed0-bf16"]);
  });
});

import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  difference,
  FLOAT32_GOLDEN_TOLERANCE,
  fixturePath,
  goldenPath,
  readGoldenTensors,
} from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { readNpy, readSafetensors } from "./read-results.ts";
import { eventsOf, runCli, temporaryFolder } from "./run-cli.ts";

const MODEL = fixturePath("tiny-chat");
const PHOTO = fixturePath("images", "photo-444.jpg");
const SMALL = fixturePath("images", "small.png");
const GIF = fixturePath("images", "animated.gif");
const CONTEXT = "<IMG_CONTEXT>";

function tokens(output: string, ...options: string[]) {
  return runCli(["--json", "tokens", "--model", MODEL, "--output", output, ...options]);
}

describe("tokens", () => {
  it.each([
    ["-1", "visual_tokens.v2.layer-1"],
    ["-2", "visual_tokens.v2.layer-2"],
    ["-4", "visual_tokens.v2.layer-4"],
    ["1", "visual_tokens.v2.layer-4"],
  ])("gives the golden tokens of hidden state %s for prepared tiles", async (layer, name) => {
    using folder = temporaryFolder();
    const output = join(folder.path, "tokens.safetensors");
    const expected = goldenPath("tiny-chat", "expected.safetensors");
    const source = ["--pixel-values", `${expected}:pixel_values`, `--select-layer=${layer}`];
    const model = ["--model", goldenPath("tiny-chat"), "--output", output];
    expect(await runCli(["tokens", ...model, ...source])).toMatchObject({ code: 0, stderr: "" });
    const found = readSafetensors(output).tensors.get("visual_tokens")!;
    const golden = readGoldenTensors("tiny-chat", "expected.safetensors").get(name)!;
    expect(found.shape).toEqual(golden.shape);
    const apart = difference(found.data, golden.data as Float32Array);
    expect(apart.maxAbsolute).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.maxAbsolute);
    expect(apart.relativeL2).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.relativeL2);
  });

  it("says grid, tiles, tokens and prompt of each picture, all from one plan", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "tokens.safetensors");
    const finished = await tokens(output, PHOTO, SMALL, "--question", "Same?");
    const result = eventsOf(finished).at(-1) as {
      prompt: string;
      pictures: {
        file: string;
        grid: { columns: number; rows: number };
        tiles: [number, number];
        tokens: [number, number];
        prompt: string;
      }[];
      outputs: { visual_tokens: number[] };
    };
    const [count = 0, perTile = 0, width] = result.outputs.visual_tokens;
    expect([perTile, width]).toEqual([16, 80]);
    expect(result.pictures.map(({ file }) => file)).toEqual([PHOTO, SMALL]);
    for (const { grid, tiles, tokens: span, prompt } of result.pictures) {
      const grids = grid.columns * grid.rows;
      // Two pictures share the twelve tiles.
      expect(grids).toBeLessThanOrEqual(6);
      expect(tiles[1] - tiles[0]).toBe(grids === 1 ? 1 : grids + 1);
      expect(span).toEqual(tiles.map((tile) => tile * perTile));
      expect(prompt.split(CONTEXT)).toHaveLength(span[1] - span[0] + 1);
    }
    expect(result.pictures.at(-1)!.tiles[1]).toBe(count);
    const [first, second] = result.pictures;
    expect(result.prompt).toBe(`Image-1: ${first!.prompt}\nImage-2: ${second!.prompt}\nSame?`);
    const { tensors, metadata } = readSafetensors(output);
    expect(tensors.get("visual_tokens")!.shape).toEqual([count, perTile, width]);
    expect(metadata["prompt"]).toBe(result.prompt);
    expect(metadata).toMatchObject({ select_layer: "-1", ps_version: "v2", tokens_per_tile: "16" });
    expect(JSON.parse(metadata["tiling"]!)).toMatchObject({ max_tiles: 12, tile_size: 112 });
  });

  it("writes a conversation when there is a system text", async () => {
    using folder = temporaryFolder();
    const options = ["--max-tiles", "1", "--system", "Be brief.", "--question", "What?"];
    const finished = await tokens(join(folder.path, "tokens.npy"), PHOTO, ...options);
    expect(eventsOf(finished).at(-1)).toMatchObject({
      prompt: `<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n<img>${CONTEXT.repeat(16)}</img>\nWhat?<|im_end|>\n<|im_start|>assistant\n`,
    });
  });

  it("takes frames of an animation, one tile each", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "tokens.npy");
    const finished = await tokens(output, "--video", GIF, "--frames", "3", "--labels", "plain");
    expect(finished.code).toBe(0);
    expect(readNpy(output).shape).toEqual([3, 16, 80]);
    const { prompt, video } = eventsOf(finished).at(-1) as {
      prompt: string;
      video: { indices: number[] };
    };
    expect(video.indices).toHaveLength(3);
    expect(prompt).toMatch(/^Frame1: <img>.*\nFrame2: <img>.*\nFrame3: <img>.*\n$/);
  });

  it("gives the same tokens for a tile that tiles wrote and for its picture", async () => {
    using folder = temporaryFolder();
    const direct = join(folder.path, "direct.npy");
    const whole = join(folder.path, "whole.npy");
    await tokens(direct, PHOTO, "--max-tiles", "1");
    await runCli([
      "tiles",
      PHOTO,
      "--image-size",
      "112",
      "--max-tiles",
      "1",
      "--output",
      folder.path,
    ]);
    await tokens(whole, join(folder.path, "tile-00.png"), "--max-tiles", "1");
    expect(readNpy(whole).data).toEqual(readNpy(direct).data);
  });

  it.each([
    [[], "expected image files, --video <file> or --pixel-values"],
    [[PHOTO, "--video", GIF], "found image files and --video"],
    [[PHOTO, "--tiles-per-image", "1"], "--tiles-per-image goes with --pixel-values only"],
    [[PHOTO, "--min-tiles", "3", "--max-tiles", "2"], "--min-tiles 3 is more than --max-tiles 2"],
    [["--video", GIF, "--clip", "3-1"], "--clip: expected a start before the end"],
  ])("refuses %j", async (options, message) => {
    using folder = temporaryFolder();
    const finished = await tokens(join(folder.path, "tokens.npy"), ...options);
    expect(finished.code).toBe(2);
    expect(finished.stdout).toContain(message);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("says what is missing when the model has no projector", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "tokens.npy");
    const model = fixturePath("tiny-layernorm");
    const finished = await runCli(["tokens", PHOTO, "--model", model, "--output", output]);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(/projector/);
    expect(existsSync(output)).toBe(false);
  });

  it("ends at the first picture that cannot be used, before anything is encoded", async () => {
    using folder = temporaryFolder();
    const broken = join(folder.path, "broken.png");
    writeFileSync(broken, "");
    const finished = await tokens(join(folder.path, "tokens.npy"), PHOTO, broken);
    expect(finished.code).toBe(1);
    expect(finished.stdout).toContain("broken.png");
    expect(readdirSync(folder.path)).toEqual(["broken.png"]);
  });
});

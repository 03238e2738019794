import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { difference, goldenPath, readGoldenJson } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import { readNpy, readSafetensors } from "./read-results.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

interface Golden {
  readonly processor: unknown;
  readonly images: Readonly<
    Record<
      string,
      {
        readonly square_448_rgb_sha256: string;
        readonly clip_448_rgb_sha256: string;
        readonly clip_448_pixel_values: {
          readonly mean: number;
          readonly first: readonly number[];
        };
      }
    >
  >;
}

const golden = readGoldenJson<Golden>("preprocess.json");
const names = Object.keys(golden.images);
const files = names.map((name) => goldenPath("images", name));
const BYTES = 448 * 448 * 3;

describe("preprocess", () => {
  it.each(["square", "clip"] as const)("golden: %s gives Pillow's bytes", async (mode) => {
    using folder = temporaryFolder();
    const config = join(folder.path, "preprocessor_config.json");
    writeFileSync(config, JSON.stringify(golden.processor));
    const output = join(folder.path, "pixels.safetensors");
    const finished = await runCli([
      "preprocess",
      ...files,
      "--mode",
      mode,
      "--config",
      config,
      "--dtype",
      "uint8",
      "--output",
      output,
    ]);
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    const { tensors, metadata } = readSafetensors(output);
    expect([...tensors.keys()]).toEqual(["pixels"]);
    const { dtype, shape, data } = tensors.get("pixels")!;
    expect([dtype, shape]).toEqual(["U8", [names.length, 448, 448, 3]]);
    expect(JSON.parse(metadata["files"]!)).toEqual(files);
    for (const [index, name] of names.entries()) {
      const picture = data.subarray(index * BYTES, (index + 1) * BYTES);
      const sha256 = createHash("sha256").update(picture).digest("hex");
      expect(sha256, name).toBe(golden.images[name]![`${mode}_448_rgb_sha256`]);
    }
  });

  it("golden: float32 gives the reference's pixel_values", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "pixels.npy");
    const args = ["preprocess", ...files, "--dtype", "float32", "--output", output];
    expect((await runCli(args)).code).toBe(0);
    const { dtype, shape, data } = readNpy(output);
    expect([dtype, shape]).toEqual(["F32", [names.length, 3, 448, 448]]);
    for (const [index, name] of names.entries()) {
      const { mean, first } = golden.images[name]!.clip_448_pixel_values;
      const picture = data.subarray(index * BYTES, (index + 1) * BYTES);
      const plane = 448 * 448;
      expect([picture[0], picture[plane], picture[2 * plane]], name).toEqual(first);
      const found = Float64Array.from(picture).reduce((sum, value) => sum + value, 0) / BYTES;
      expect(difference([found], [mean]).maxAbsolute).toBeLessThan(1e-5);
    }
  });

  it("turns pictures upright only when asked to", async () => {
    using folder = temporaryFolder();
    const rotated = goldenPath("images", "exif-rotated.jpg");
    const seen = new Set<string>();
    for (const orientation of ["ignore", "apply"]) {
      const output = join(folder.path, `${orientation}.npy`);
      const size = ["--image-size", "28", "--orientation", orientation];
      await runCli(["preprocess", rotated, ...size, "--output", output]);
      const { shape, data } = readNpy(output);
      expect(shape).toEqual([1, 28, 28, 3]);
      seen.add(data.join());
    }
    expect(seen.size).toBe(2);
  });

  it("leaves out bad pictures with --keep-going", async () => {
    using folder = temporaryFolder();
    const output = join(folder.path, "pixels.npy");
    const images = [files[0]!, join(folder.path, "none.png"), files[1]!];
    const finished = await runCli(["preprocess", ...images, "--keep-going", "--output", output]);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain("1 of 3 images could not be used and was left out");
    expect(readNpy(output).shape[0]).toBe(2);
  });
});

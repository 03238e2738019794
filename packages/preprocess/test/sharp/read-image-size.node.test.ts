import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { fixturePath } from "@internvit/test-kit";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { decodeImage, readImageSize } from "../../src/sharp/index.ts";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "internvit-size-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("readImageSize", () => {
  it("is the size of what decodeImage gives, in every orientation", async () => {
    for (let orientation = 1; orientation <= 8; orientation++) {
      const path = join(directory, `${orientation}.jpg`);
      await sharp({ create: { width: 6, height: 4, channels: 3, background: "red" } })
        .withMetadata({ orientation })
        .jpeg()
        .toFile(path);
      for (const rule of ["ignore", "apply"] as const) {
        const { width, height } = (await decodeImage(path, { orientation: rule })).image;
        expect(await readImageSize(path, { orientation: rule })).toEqual({ width, height });
      }
    }
  });

  it("does not look behind the header", async () => {
    const bytes = await readFile(fixturePath("images", "large.jpg"));
    const path = join(directory, "torn.jpg");
    await writeFile(path, bytes.subarray(0, 20_000));
    const { width, height } = (await decodeImage(bytes)).image;
    expect(await readImageSize(path)).toEqual({ width, height });
  });

  it("refuses what is no picture, is not there, or is too large, by name", async () => {
    const path = join(directory, "notes.jpg");
    await writeFile(path, "notes");
    await expect(readImageSize(path, { subject: "a.jpg" })).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(/^a\.jpg: expected a JPEG.* found 5 bytes/) as string,
    });
    await writeFile(path, "");
    await expect(readImageSize(path)).rejects.toThrow(/found an empty file/);
    await expect(readImageSize(join(directory, "gone.jpg"))).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(
      readImageSize(fixturePath("images", "large.jpg"), { maxPixels: 10 }),
    ).rejects.toMatchObject({ code: "too-large" });
  });
});

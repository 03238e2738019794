import { readFile } from "node:fs/promises";

import { goldenPath } from "@internvit/test-kit";
import sharp from "sharp";
import { describe, expect, it } from "vitest";

import { readJpegHeader } from "../src/jpeg-header.ts";

const NAMES = [
  "photo-420.jpg",
  "photo-422-progressive.jpg",
  "photo-444.jpg",
  "exif-rotated.jpg",
  "gray.jpg",
  "odd-size.jpg",
];

/** Start of image, one segment, and nothing more. */
function jpegOf(code: number, content: readonly number[]): Uint8Array {
  return Uint8Array.of(0xff, 0xd8, 0xff, code, 0, content.length + 2, ...content);
}

describe("readJpegHeader", () => {
  it.each(NAMES)("says of %s what libvips says, wherever the bytes lie", async (name) => {
    const file = await readFile(goldenPath("images", name));
    const { width, height, channels } = await sharp(file).metadata();
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    const mode = channels === 1 ? "L" : "RGB";
    expect(readJpegHeader(shifted.subarray(3))).toEqual({ width, height, mode });
  });

  it("leaves four components to libvips", async () => {
    expect(readJpegHeader(await readFile(goldenPath("images", "cmyk.jpg")))).toBeUndefined();
  });

  it("reads frames of the ordinary kinds only", () => {
    const frame = [8, 0, 5, 0, 7, 3];
    const expected = { width: 7, height: 5, mode: "RGB" };
    for (const code of [0xc0, 0xc1, 0xc2]) {
      expect(readJpegHeader(jpegOf(code, frame))).toEqual(expected);
    }
    for (const code of [0xc3, 0xc4, 0xc5, 0xc9, 0xca, 0xcc, 0xda, 0xd9, 0x01]) {
      expect(readJpegHeader(jpegOf(code, frame))).toBeUndefined();
    }
  });

  it("passes over fill bytes as libjpeg does, and is not led past a frame by them", () => {
    // Read as a segment, FF FF C0 00 … would lead past the frame of 7x5 to one of 1x1.
    const hidden = [0xff, 0xd8, 0xff, 0xff, 0xc0, 0, 11, 8, 0, 5, 0, 7, 3];
    const jpeg = new Uint8Array(0xc000 + 32);
    jpeg.set(hidden);
    jpeg.set([0xff, 0xc0, 0, 17, 8, 0, 1, 0, 1, 3], 4 + 0xc000);
    expect(readJpegHeader(jpeg)).toEqual({ width: 7, height: 5, mode: "RGB" });
  });

  it.each([
    ["12-bit samples", [12, 0, 5, 0, 7, 3]],
    ["no rows", [8, 0, 0, 0, 7, 3]],
    ["no columns", [8, 0, 5, 0, 0, 3]],
    ["two components", [8, 0, 5, 0, 7, 2]],
    ["a frame cut short", [8, 0, 5, 0, 7]],
  ])("leaves %s to libvips", (_, frame) => {
    expect(readJpegHeader(jpegOf(0xc0, frame))).toBeUndefined();
  });

  it("ends at every cut of a file, and at lengths that go nowhere", async () => {
    const file = await readFile(goldenPath("images", "photo-420.jpg"));
    const { width } = await sharp(file).metadata();
    for (let end = 0; end < 1000; end++) {
      const header = readJpegHeader(file.subarray(0, end));
      expect(header === undefined || header.width === width).toBe(true);
    }
    expect(readJpegHeader(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xe0))).toBeUndefined();
  });
});

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { fixturePath } from "@internvit/test-kit";
import { beforeAll, describe, expect, it } from "vitest";

import type { RgbImage } from "../../src/index.ts";
import { openVideo } from "../../src/video/index.ts";
import { openVideoFile } from "../../src/video-node/index.ts";
import {
  allIndices,
  collect,
  CONTAINERS,
  numberDrawnIn,
  sha256,
  statedRate,
} from "../video/expected-frames.ts";
import { ODD_SIZE_SHA256, withoutLastColumn } from "../video/odd-size.ts";
import { requireFfmpeg } from "./require-ffmpeg.ts";

beforeAll(requireFfmpeg);

const NAMES = Object.keys(CONTAINERS);
const UPRIGHT = NAMES.filter((name) => name !== "rotated.mp4");
const EVEN = NAMES.filter((name) => name !== "odd-size.webm");
const DECODERS = ["mediabunny", "ffmpeg"] as const;
const pairs = (names: readonly string[]) =>
  names.flatMap((name) => DECODERS.map((decoder) => [name, decoder] as const));

async function framesOf(name: string, decoder: "mediabunny" | "ffmpeg"): Promise<RgbImage[]> {
  await using video = await openVideoFile(fixturePath("video", name), { decoder });
  return await collect(video.frames(allIndices(video)));
}

function largestDifference(a: RgbImage, b: RgbImage): number {
  let largest = 0;
  for (let i = 0; i < a.data.length; i++) {
    largest = Math.max(largest, Math.abs(a.data[i]! - b.data[i]!));
  }
  return largest;
}

function pixel(image: RgbImage, x: number, y: number): readonly number[] {
  const start = (y * image.width + x) * 3;
  return [...image.data.subarray(start, start + 3)];
}

describe("a video container", () => {
  it.each(pairs(NAMES))(
    "%s: %s counts the frames and the rate as FFmpeg does",
    async (name, decoder) => {
      await using video = await openVideoFile(fixturePath("video", name), { decoder });
      expect(video.frameCount).toBe(CONTAINERS[name]!.frames);
      expect(video.framesPerSecond).toBeCloseTo(statedRate(name), 9);
      expect(video.decoder).toMatch(
        decoder === "ffmpeg" ? /^ffmpeg \d/u : /^mediabunny \d.*server \d/u,
      );
    },
  );

  it.each(pairs(UPRIGHT))(
    "%s: %s gives the frames that the indices name",
    async (name, decoder) => {
      await using video = await openVideoFile(fixturePath("video", name), { decoder });
      const last = video.frameCount - 1;
      const asked = [last, 0, 0, 3, 4, last, last, 2, 1];
      const images = await collect(video.frames(asked));
      expect(images.map(numberDrawnIn)).toEqual(asked);
      for (const { width, height, data } of images) {
        expect([width, height, data.length]).toEqual([
          video.width,
          video.height,
          video.width * video.height * 3,
        ]);
      }
    },
  );

  it("of an odd width has the same frames in mediabunny as in a browser, but for the last column", async () => {
    const frames = await framesOf("odd-size.webm", "mediabunny");
    const digest = createHash("sha256").update(withoutLastColumn(frames)).digest("hex");
    expect(digest).toBe(ODD_SIZE_SHA256);
  });

  it.each(EVEN)("%s: mediabunny's frames have the bytes of FFmpeg's rgb24", async (name) => {
    const images = await framesOf(name, "mediabunny");
    expect(images.map(sha256)).toEqual(CONTAINERS[name]!.rgb24);
  });

  // Other builds of FFmpeg may round otherwise: the checksums are those of 5.1 on x86-64.
  it.each(EVEN)("%s: the decoders differ by at most 3 levels", async (name) => {
    const [ours, theirs] = [await framesOf(name, "mediabunny"), await framesOf(name, "ffmpeg")];
    expect(theirs.length).toBe(ours.length);
    theirs.forEach((image, i) => expect(largestDifference(image, ours[i]!)).toBeLessThanOrEqual(3));
  });

  it("of odd size differs where FFmpeg interpolates the colour, by little on average", async () => {
    const name = "odd-size.webm";
    const [ours, theirs] = [await framesOf(name, "mediabunny"), await framesOf(name, "ffmpeg")];
    const total = ours.reduce(
      (sum, image, i) =>
        sum + image.data.reduce((rest, x, at) => rest + Math.abs(x - theirs[i]!.data[at]!), 0),
      0,
    );
    expect(total / (ours.length * ours[0]!.data.length)).toBeLessThan(6);
  });

  it.each(DECODERS)("is turned upright by %s", async (decoder) => {
    const plain = (await framesOf("full-range.mp4", decoder))[5]!;
    const turned = (await framesOf("rotated.mp4", decoder))[5]!;
    expect([turned.width, turned.height]).toEqual([48, 64]);
    // By 270° clockwise: rows become columns, read from below.
    for (let x = 0; x < 64; x++) expect(pixel(turned, 3, 63 - x)).toEqual(pixel(plain, x, 3));
    await using video = await openVideoFile(fixturePath("video", "rotated.mp4"), { decoder });
    expect([video.width, video.height]).toEqual([48, 64]);
  });

  it("opens from bytes and from a Blob, with the decoders that are registered", async () => {
    const path = fixturePath("video", "h264.mp4");
    const bytes = new Uint8Array(await readFile(path));
    await (await openVideoFile(path, { decoder: "mediabunny" })).dispose();
    for (const source of [bytes, new Blob([bytes])]) {
      await using video = await openVideo(source);
      const images = await collect(video.frames([29, 7]));
      expect(images.map(numberDrawnIn)).toEqual([29, 7]);
    }
  });
});

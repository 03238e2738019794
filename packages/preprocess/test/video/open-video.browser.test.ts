// Videos in a browser: WebCodecs decodes them, and the frames have the bytes that Node's decoders give.

import { fetchBytes, fixtureUrl } from "@internvit/test-kit/browser";
import { describe, expect, it } from "vitest";

import type { RgbImage } from "../../src/index.ts";
import { openVideo } from "../../src/video/index.ts";
import { fetchJson, sha256 } from "../canvas/browser-golden.ts";
import { ODD_SIZE_SHA256, withoutLastColumn } from "./odd-size.ts";

interface ContainerFacts {
  readonly frames: number;
  /** A fraction as text. */
  readonly averageFrameRate: string;
  /** SHA-256 of every frame as FFmpeg 5.1's rgb24. */
  readonly rgb24: readonly string[];
}

const { containers } = await fetchJson<{ readonly containers: Record<string, ContainerFacts> }>(
  fixtureUrl("video", "expected.json"),
);

async function framesOf(name: string): Promise<RgbImage[]> {
  await using video = await openVideo(new Blob([await fetchBytes(fixtureUrl("video", name))]));
  const frames: RgbImage[] = [];
  const indices = Array.from({ length: video.frameCount }, (_, i) => i);
  for await (const frame of video.frames(indices)) frames.push(frame);
  return frames;
}

const EVEN = Object.entries(containers).filter(([name]) => name !== "odd-size.webm");

describe("a video in a browser", () => {
  it.each(EVEN)("%s has the frames that Node has", async (name, facts) => {
    const frames = await framesOf(name);
    const hashes = await Promise.all(frames.map(({ data }) => sha256(data)));
    expect(hashes).toEqual(facts.rgb24);
  });

  it("of an odd width has the frames that mediabunny gives in Node, but for the last column", async () => {
    const frames = await framesOf("odd-size.webm");
    expect(frames).toHaveLength(containers["odd-size.webm"]!.frames);
    expect(await sha256(withoutLastColumn(frames))).toBe(ODD_SIZE_SHA256);
  });

  it("refuses what is no video, is too large or breaks off", async () => {
    const bytes = await fetchBytes(fixtureUrl("images", "photo-420.jpg"));
    await expect(openVideo(bytes)).rejects.toMatchObject({ code: "unsupported" });
    const video = await fetchBytes(fixtureUrl("video", "h264.mp4"));
    await expect(openVideo(video, { maxSide: 10 })).rejects.toMatchObject({ code: "too-large" });
    await expect(openVideo(video.subarray(0, video.length >> 1))).rejects.toMatchObject({
      name: "PreprocessError",
    });
  });
});

// Videos in a browser: WebCodecs decodes them, and the frames have the bytes that Node's decoders give.

import { fetchBytes, fixtureUrl } from "@internvit/test-kit/browser";
import { describe, expect, it } from "vitest";

import { sampleFrames, type RgbImage } from "../../src/index.ts";
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

  it.each(Object.entries(containers))(
    "%s has the count, the rate and the size that Node has",
    async (name, { frames: count, averageFrameRate }) => {
      await using video = await openVideo(await fetchBytes(fixtureUrl("video", name)));
      const [frames = 0, seconds = 1] = averageFrameRate.split("/").map(Number);
      expect(video.frameCount).toBe(count);
      expect(video.framesPerSecond).toBeCloseTo(frames / seconds, 9);
      expect(video.decoder).toMatch(/^mediabunny .*WebCodecs/u);
      for await (const { width, height } of video.frames([count - 1])) {
        expect([width, height]).toEqual([video.width, video.height]);
      }
    },
  );

  it.each(EVEN)("%s gives the sampled frames, back and again as well", async (name, { rgb24 }) => {
    await using video = await openVideo(await fetchBytes(fixtureUrl("video", name)));
    const sampled = sampleFrames(video, { count: 4 });
    const asked = [...sampled, sampled[3]!, sampled[0]!, sampled[0]!];
    const hashes: string[] = [];
    for await (const { data } of video.frames(asked)) hashes.push(await sha256(data));
    expect(hashes).toEqual(asked.map((index) => rgb24[index]));
  });

  it("ends where the signal is aborted, or the video disposed of", async () => {
    const bytes = await fetchBytes(fixtureUrl("video", "h264.mp4"));
    await expect(
      openVideo(bytes, { signal: AbortSignal.abort(new Error("too late")) }),
    ).rejects.toThrow("too late");
    await using video = await openVideo(bytes);
    const controller = new AbortController();
    const aborted = video.frames([0, 9, 29], { signal: controller.signal });
    const frames = aborted[Symbol.asyncIterator]();
    await frames.next();
    controller.abort(new Error("enough"));
    await expect(frames.next()).rejects.toThrow("enough");
    const others = video.frames([0, 9])[Symbol.asyncIterator]();
    await others.next();
    await video.dispose();
    await expect(others.next()).rejects.toThrow("the video source is disposed");
  });

  it("says which video has packets that do not decode", async () => {
    const corrupt = await fetchBytes(fixtureUrl("video", "h264.mp4"));
    const media = String.fromCharCode(...corrupt).indexOf("mdat");
    for (let at = media + 1000; at < media + 1400; at++)
      corrupt[at] = (corrupt[at]! * 7 + 13) & 255;
    await using video = await openVideo(corrupt, { subject: "clip.mp4" });
    const indices = Array.from({ length: video.frameCount }, (_, i) => i);
    const reading = (async () => {
      for await (const frame of video.frames(indices)) void frame;
    })();
    await expect(reading).rejects.toMatchObject({
      code: "malformed",
      subject: "clip.mp4",
      message: expect.stringContaining("clip.mp4") as string,
    });
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

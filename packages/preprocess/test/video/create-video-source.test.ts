import { describe, expect, it } from "vitest";

import type { RgbImage } from "../../src/index.ts";
import { createVideoSource, type FrameDecoder } from "../../src/video/create-video-source.ts";

const picture = (index: number): RgbImage => ({
  width: 1,
  height: 1,
  data: Uint8Array.of(index, 0, 0),
});

/** A decoder of ten frames that writes down what it is asked for; `broken` has frames up to that index only. */
function tenFrames(broken = 10): FrameDecoder & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    frameCount: 10,
    framesPerSecond: 5,
    width: 1,
    height: 1,
    decoder: "drawn",
    subject: "ten.mp4",
    async *decode(indices) {
      log.push(indices.join(" "));
      try {
        for (const index of indices) if (index < broken) yield picture(index);
      } finally {
        log.push("ended");
      }
    },
    close: async () => {
      log.push("closed");
    },
  };
}

async function indicesOf(frames: AsyncIterable<RgbImage>): Promise<number[]> {
  const indices: number[] = [];
  for await (const image of frames) indices.push(image.data[0]!);
  return indices;
}

describe("a video source", () => {
  it("gives frames in the order asked for, with repeats", async () => {
    const decoder = tenFrames();
    const asked = [2, 2, 5, 9, 9, 3, 3, 0];
    expect(await indicesOf(createVideoSource(decoder).frames(asked))).toEqual(asked);
    expect(decoder.log).toEqual(["2 5 9", "ended", "3", "ended", "0", "ended"]);
  });

  it("decodes nothing for no indices", async () => {
    const decoder = tenFrames();
    expect(await indicesOf(createVideoSource(decoder).frames([]))).toEqual([]);
    expect(decoder.log).toEqual([]);
  });

  it.each([-1, 10, 1.5, Number.NaN])("refuses index %d", async (index) => {
    const frames = createVideoSource(tenFrames()).frames([0, index]);
    await expect(indicesOf(frames)).rejects.toMatchObject({
      code: "invalid-argument",
      subject: "ten.mp4",
      message: `ten.mp4: expected frame indices from 0 to 9, got ${index}`,
    });
  });

  it("says which frame the file breaks off at", async () => {
    const frames = createVideoSource(tenFrames(4)).frames([1, 6]);
    await expect(indicesOf(frames)).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("expected 10 frames, but frame 6 did not decode"),
    });
  });

  it("ends the decoding when the iteration is left early", async () => {
    const decoder = tenFrames();
    for await (const image of createVideoSource(decoder).frames([1, 2, 3])) {
      expect(image.data[0]).toBe(1);
      break;
    }
    expect(decoder.log).toEqual(["1 2 3", "ended"]);
  });

  it("throws the reason of an aborted signal", async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const source = createVideoSource(tenFrames());
    const reading = (async () => {
      for await (const image of source.frames([1, 2, 3], { signal: controller.signal })) {
        seen.push(image.data[0]!);
        controller.abort(new Error("enough"));
      }
    })();
    await expect(reading).rejects.toThrow("enough");
    expect(seen).toEqual([1]);
    const late = source.frames([1], { signal: AbortSignal.abort(new Error("never")) });
    await expect(indicesOf(late)).rejects.toThrow("never");
  });

  it("closes once, and gives no frames afterwards", async () => {
    const decoder = tenFrames();
    {
      await using source = createVideoSource(decoder);
      await Promise.all([source.dispose(), source.dispose()]);
      await expect(indicesOf(source.frames([1]))).rejects.toMatchObject({
        code: "invalid-argument",
        message: "ten.mp4: the video source is disposed",
      });
    }
    expect(decoder.log).toEqual(["closed"]);
  });

  it("can be disposed under an iteration that nobody continues", async () => {
    const decoder = tenFrames();
    const source = createVideoSource(decoder);
    const frames = source.frames([1, 2])[Symbol.asyncIterator]();
    await frames.next();
    await source.dispose();
    expect(decoder.log).toContain("closed");
    await expect(frames.next()).rejects.toThrow("the video source is disposed");
  });
});

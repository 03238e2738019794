import { describe, expect, it } from "vitest";

import { sampleFrames } from "../../src/index.ts";

describe("sampleFrames", () => {
  it("takes eight frames from the middles of equal segments, without needing a clock", () => {
    expect(sampleFrames({ frameCount: 81 })).toEqual([5, 15, 25, 35, 45, 55, 65, 75]);
  });

  it("repeats frames where there are fewer than asked for", () => {
    expect(sampleFrames({ frameCount: 1 }, { count: 3 })).toEqual([0, 0, 0]);
    expect(sampleFrames({ frameCount: 3 }, { count: 5 })).toEqual([0, 0, 1, 1, 2]);
  });

  it("rounds halves to the even number, as Python does", () => {
    // 2.5 and 4.5 frames: bounds 2 and 4, not 3 and 5.
    const video = { frameCount: 100, framesPerSecond: 10 };
    expect(sampleFrames(video, { count: 1, clip: { start: 0.25, end: 0.45 } })).toEqual([3]);
  });

  it("cuts a clip to the video", () => {
    const video = { frameCount: 50, framesPerSecond: 10 };
    const clip = { start: -3, end: 99 };
    expect(sampleFrames(video, { clip })).toEqual(sampleFrames(video));
  });

  it.each([
    [{ frameCount: 0 }, {}, "frameCount must be a whole number of at least 1, got 0"],
    [{ frameCount: Number.NaN }, {}, "frameCount must be a whole number of at least 1, got NaN"],
    [{ frameCount: 2.5 }, {}, "frameCount must be a whole number of at least 1, got 2.5"],
    [{ frameCount: 5, framesPerSecond: Number.NaN }, {}, "framesPerSecond must be a positive"],
    [{ frameCount: 5, framesPerSecond: 0 }, {}, "framesPerSecond must be a positive"],
    [{ frameCount: 5 }, { count: 0 }, "count must be a whole number of at least 1, got 0"],
    [{ frameCount: 5 }, { clip: { start: 0, end: 1 } }, "a clip needs framesPerSecond"],
    [
      { frameCount: 50, framesPerSecond: 10 },
      { clip: { start: 6, end: 7 } },
      "the clip from 6 to 7 seconds holds no frame of a video of 50 frames at 10 a second",
    ],
    [
      { frameCount: 50, framesPerSecond: 10 },
      { clip: { start: -3, end: -1 } },
      "the clip from -3 to -1 seconds holds no frame",
    ],
    [
      { frameCount: 50, framesPerSecond: 10 },
      { clip: { start: 2, end: 1 } },
      "start <= end, got 2 to 1",
    ],
    [
      { frameCount: 50, framesPerSecond: 10 },
      { clip: { start: 0, end: Number.NaN } },
      "got 0 to NaN",
    ],
  ])("refuses %j with %j", (video, options, message) => {
    expect(() => sampleFrames(video, options)).toThrow(
      expect.objectContaining({
        name: "PreprocessError",
        code: "invalid-argument",
        message: expect.stringContaining(message),
      }),
    );
  });
});

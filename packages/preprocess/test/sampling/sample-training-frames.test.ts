import { describe, expect, it } from "vitest";

import { sampleTrainingFrames, type SampleTrainingFramesOptions } from "../../src/index.ts";
import { seededRandom } from "./seeded-random.ts";

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

function sample(
  frameCount: number,
  options: Partial<SampleTrainingFramesOptions> & { readonly seed?: number } = {},
): readonly number[] {
  const { seed = 1, ...rest } = options;
  const video = { frameCount, framesPerSecond: 10 };
  return sampleTrainingFrames(video, { method: "rand", random: seededRandom(seed), ...rest });
}

describe("sampleTrainingFrames", () => {
  it("draws how many frames, both limits included", () => {
    const lengths = new Set(
      SEEDS.map((seed) => sample(500, { seed, minFrames: 8, maxFrames: 12 }).length),
    );
    expect([...lengths].toSorted((a, b) => a - b)).toEqual([8, 9, 10, 11, 12]);
  });

  it("gives the same frames for the same seed and others for another", () => {
    expect(sample(500, { seed: 3 })).toEqual(sample(500, { seed: 3 }));
    expect(sample(500, { seed: 3 })).not.toEqual(sample(500, { seed: 4 }));
  });

  it("draws one frame from each interval and never an interval's last", () => {
    // 100 frames in 8 intervals that begin at 0, 12, 25, 37, 50, 62, 75 and 87.
    const starts = [0, 12, 25, 37, 50, 62, 75, 87, 100];
    const seen = starts.slice(1).map(() => new Set<number>());
    for (const seed of SEEDS) {
      const frames = sample(100, { seed, minFrames: 8, maxFrames: 8 });
      frames.forEach((frame, m) => seen[m]!.add(frame));
    }
    seen.forEach((frames, m) => {
      expect(Math.min(...frames)).toBe(starts[m]!);
      expect(Math.max(...frames)).toBe(starts[m + 1]! - 2);
      expect(frames.size).toBe(starts[m + 1]! - 1 - starts[m]!);
    });
  });

  it("takes a sorted random subset where an interval would be empty", () => {
    for (const seed of SEEDS) {
      const frames = sample(12, { seed, minFrames: 8, maxFrames: 8 });
      expect(frames).toEqual([...new Set(frames)].toSorted((a, b) => a - b));
      expect(frames.length).toBe(8);
    }
    const all = new Set(SEEDS.flatMap((seed) => sample(12, { seed, minFrames: 8, maxFrames: 8 })));
    expect(all.size).toBe(12);
  });

  it("repeats the last frame where there are fewer than drawn", () => {
    const options = { minFrames: 6, maxFrames: 6 };
    expect(sample(3, options)).toEqual([0, 1, 2, 2, 2, 2]);
    expect(sample(3, { ...options, method: "middle" })).toEqual([0, 1, 2, 2, 2, 2]);
    expect(sample(1, options)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("stays within a clip, and cuts it to the video", () => {
    for (const seed of SEEDS) {
      const frames = sample(100, { seed, clip: { start: 4, end: 30 } });
      expect(Math.min(...frames)).toBeGreaterThanOrEqual(40);
      expect(Math.max(...frames)).toBeLessThan(100);
    }
  });

  it("gives a frame for every slot of time, at most maxFrames", () => {
    expect(sample(50, { method: "fps1" })).toEqual([5, 15, 25, 35, 45]);
    expect(sample(50, { method: "fps1", minFrames: 1, maxFrames: 3 })).toEqual([5, 15, 25]);
  });

  it("takes a folder whole where it has no more than drawn", () => {
    const options = { minFrames: 8, maxFrames: 8, source: "folder" } as const;
    expect(sample(5, options)).toEqual([0, 1, 2, 3, 4]);
    expect(sample(8, options)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(sample(90, options).length).toBe(8);
  });

  it.each([
    [{ minFrames: 9, maxFrames: 8 }, "minFrames must not exceed maxFrames, got 9 and 8"],
    [{ minFrames: 0 }, "minFrames must be a whole number of at least 1, got 0"],
    [{ method: "fps0" }, 'a positive rate such as "fps0.5", got "fps0"'],
    [{ method: "fps-1" }, 'got "fps-1"'],
    [{ method: "fpsNaN" as "fps1" }, 'got "fpsNaN"'],
    [{ method: "first" as "rand" }, 'got "first"'],
    [{ clip: { start: 10, end: 12 } }, "the clip from 10 to 12 seconds holds no frame"],
    [{ clip: { start: 1, end: 1.01 } }, "the clip from 1 to 1.01 seconds holds no frame"],
    [{ clip: { start: -2, end: 5 } }, "the clip from -2 to 5 seconds holds no frame"],
    [{ method: "fps0.01" }, "the centre of its first slot is past the end"],
  ] as const)("refuses %j", (options, message) => {
    expect(() => sample(100, options)).toThrow(
      expect.objectContaining({
        name: "PreprocessError",
        code: "invalid-argument",
        message: expect.stringContaining(message),
      }),
    );
  });

  it("refuses slots of time for what has no clock", () => {
    const options = { method: "fps1", random: seededRandom(1) } as const;
    expect(() => sampleTrainingFrames({ frameCount: 9 }, options)).toThrow(
      "method fps1 needs framesPerSecond, but this video has none",
    );
  });
});

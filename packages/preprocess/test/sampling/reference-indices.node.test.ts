import { readFileSync } from "node:fs";

import { fixturePath } from "@internvit/test-kit";
import { describe, expect, it } from "vitest";

import {
  isPreprocessError,
  sampleFrames,
  sampleTrainingFrames,
  type TimeRange,
  type TrainingFrameMethod,
} from "../../src/index.ts";

type Seconds = readonly [start: number, end: number] | null;
type Indices = readonly number[] | null;

const reference = JSON.parse(readFileSync(fixturePath("video", "sampling.json"), "utf8")) as {
  readonly inference: readonly (readonly [number, number, number, Seconds, Indices])[];
  readonly training: readonly (readonly [
    number,
    number,
    TrainingFrameMethod,
    number,
    Seconds,
    Indices,
  ])[];
};

const clipOption = (seconds: Seconds): { readonly clip?: TimeRange } =>
  seconds === null ? {} : { clip: { start: seconds[0], end: seconds[1] } };

/** The indices, or null where the sampler refuses as the reference has none. */
function orNull(sample: () => readonly number[]): Indices {
  try {
    return sample();
  } catch (error) {
    if (isPreprocessError(error) && error.code === "invalid-argument") return null;
    throw error;
  }
}

const anyRandom = { integer: (minimum: number): number => minimum };

describe("the Python and numpy reading of the rules", () => {
  it("gives the frames of inference, for every length, rate and clip", () => {
    for (const [frameCount, framesPerSecond, count, clip, expected] of reference.inference) {
      const video = { frameCount, framesPerSecond };
      const indices = orNull(() => sampleFrames(video, { count, ...clipOption(clip) }));
      expect({ ...video, count, clip, indices }).toEqual({
        ...video,
        count,
        clip,
        indices: expected,
      });
    }
    expect(reference.inference.length).toBeGreaterThan(200);
  });

  it("gives the frames of training by the middle and by slots of time", () => {
    for (const [frameCount, framesPerSecond, method, total, clip, expected] of reference.training) {
      const video = { frameCount, framesPerSecond };
      const limits = { minFrames: total, maxFrames: total, random: anyRandom };
      const indices = orNull(() =>
        sampleTrainingFrames(video, { method, ...limits, ...clipOption(clip) }),
      );
      const row = { ...video, method, total, clip };
      expect({ ...row, indices }).toEqual({ ...row, indices: expected });
    }
    expect(reference.training.length).toBeGreaterThan(200);
  });
});

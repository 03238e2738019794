// Which frames of a video the model is shown in training: the reference's `get_frame_indices` and the range that
// its video reader puts around it. The points of the intervals are numpy's `linspace`, the slots of `fps…` numpy's
// `arange`, both in the same order of double operations. What is drawn comes from the caller's generator, so the
// draws differ from Python's while their distribution is the same. One deviation: a clip that reaches past the end
// of the video is cut there, where the reference would fail.

import { PreprocessError } from "../errors.ts";
import {
  assertCount,
  assertTimeline,
  assertTimeRange,
  emptyClip,
  requireFrameRate,
  roundHalfEven,
  type FrameTimeline,
  type TimeRange,
} from "./timeline.ts";

/** Where random numbers come from. */
export interface RandomIntegers {
  /** A whole number from `minimum` to `maximum`, both included, all equally likely. */
  integer(minimum: number, maximum: number): number;
}

/**
 * - `rand`: a random frame from each of t equal intervals;
 * - `middle`: the middle frame of each;
 * - `fps…`, for example `fps0.5`: the centre of every slot of 1/0.5 seconds.
 */
export type TrainingFrameMethod = "rand" | "middle" | `fps${number}`;

/** How to pick frames for training. */
export interface SampleTrainingFramesOptions {
  readonly method: TrainingFrameMethod;
  /** Draws t, and the frames of `rand`. */
  readonly random: RandomIntegers;
  /** Smallest t. Default 8. */
  readonly minFrames?: number;
  /** Largest t, and the most that `fps…` gives. Default 32. */
  readonly maxFrames?: number;
  /** Only this part of the video, by its average frame rate. Default all of it. */
  readonly clip?: TimeRange;
  /** A `folder` of frames that has at most t is taken whole, and is not filled up. Default `video`. */
  readonly source?: "video" | "folder";
}

/**
 * Frame indices in ascending order. `rand` and `middle` give t of them, drawn from `minFrames` to `maxFrames`; where
 * there are fewer frames than t the last chosen one repeats. `fps…` gives as many as there are slots.
 *
 * @throws PreprocessError `invalid-argument` for a video without frames, a clip or rate that holds no frame, or a
 * missing frame rate where one is needed.
 */
export function sampleTrainingFrames(
  video: FrameTimeline,
  options: SampleTrainingFramesOptions,
): number[] {
  const { method, random, minFrames = 8, maxFrames = 32, clip, source = "video" } = options;
  assertTimeline(video);
  assertCount("minFrames", minFrames);
  assertCount("maxFrames", maxFrames);
  if (minFrames > maxFrames) {
    throw new PreprocessError(
      "invalid-argument",
      `minFrames must not exceed maxFrames, got ${minFrames} and ${maxFrames}`,
    );
  }
  const slotRate = method === "rand" || method === "middle" ? undefined : parseSlotRate(method);
  const range = clip === undefined ? { first: 0, count: video.frameCount } : cut(video, clip);
  const total = random.integer(minFrames, maxFrames);
  if (source === "folder" && range.count <= total) return ascending(range.first, range.count);
  const chosen =
    slotRate === undefined
      ? fillUp(chooseFromIntervals(range.count, { total, method, random }), total)
      : slotCentres(range.count, {
          slotRate,
          frameRate: requireFrameRate(video, `method ${method}`),
          maxFrames,
        });
  if (chosen.length === 0) {
    throw new PreprocessError(
      "invalid-argument",
      `method ${method} holds no frame of ${range.count} frames at ${video.framesPerSecond} a second: ` +
        "the centre of its first slot is past the end",
    );
  }
  return chosen.map((index) => range.first + index);
}

interface FrameRange {
  readonly first: number;
  readonly count: number;
}

function cut(video: FrameTimeline, clip: TimeRange): FrameRange {
  assertTimeRange(clip);
  const rate = requireFrameRate(video, "a clip");
  const first = Math.trunc(clip.start * rate);
  const count = Math.min(Math.trunc((clip.end - clip.start) * rate), video.frameCount - first);
  if (first < 0 || count < 1) throw emptyClip(clip, video);
  return { first, count };
}

function chooseFromIntervals(
  frames: number,
  options: {
    readonly total: number;
    readonly method: string;
    readonly random: RandomIntegers;
  },
): number[] {
  const { total, method, random } = options;
  const intervals = Math.min(total, frames);
  const step = frames / intervals;
  const points = Array.from({ length: intervals + 1 }, (_, m) =>
    m === intervals ? frames : Math.trunc(m * step),
  );
  const starts = points.slice(0, -1);
  if (method === "middle") {
    return starts.map((start, m) => Math.floor((start + points[m + 1]! - 1) / 2));
  }
  // An interval's last frame is never drawn: the reference excludes an end that it has decremented already. An
  // interval of one frame is therefore empty.
  if (starts.some((start, m) => points[m + 1]! - start < 2)) {
    return randomSubset(frames, { size: intervals, random });
  }
  return starts.map((start, m) => random.integer(start, points[m + 1]! - 2));
}

/** A random subset in ascending order: the first `size` of a random permutation, sorted. */
function randomSubset(
  frames: number,
  options: { readonly size: number; readonly random: RandomIntegers },
): number[] {
  const { size, random } = options;
  const order = ascending(0, frames);
  for (let i = 0; i < size; i++) {
    const other = random.integer(i, frames - 1);
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return order.slice(0, size).toSorted((a, b) => a - b);
}

function fillUp(chosen: readonly number[], total: number): number[] {
  return Array.from({ length: total }, (_, i) => chosen[Math.min(i, chosen.length - 1)]!);
}

function parseSlotRate(method: string): number {
  const rate = /^fps\d*\.?\d+$/u.test(method) ? Number(method.slice(3)) : 0;
  if (!(rate > 0)) {
    throw new PreprocessError(
      "invalid-argument",
      `method must be "rand", "middle" or "fps" and a positive rate such as "fps0.5", got "${method}"`,
    );
  }
  return rate;
}

function slotCentres(
  frames: number,
  options: {
    readonly slotRate: number;
    readonly frameRate: number;
    readonly maxFrames: number;
  },
): number[] {
  const { slotRate, frameRate, maxFrames } = options;
  const duration = frames / frameRate;
  const slot = 1 / slotRate;
  const start = slot / 2;
  const slots = Math.ceil((duration + slot / 2 - start) / slot);
  // numpy's arange adds the difference of its first two values, which may differ from the step in the last bit.
  const step = start + slot - start;
  const centres: number[] = [];
  for (let i = 0; i < slots && centres.length < maxFrames; i++) {
    const index = roundHalfEven((start + i * step) * frameRate);
    if (index < frames) centres.push(index);
  }
  return centres;
}

function ascending(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

// What a frame sampler needs to know of a video, and how Python rounds.

import { PreprocessError } from "../errors.ts";

/** How long a video is; a `VideoSource` is one. */
export interface FrameTimeline {
  /** Frames in presentation order, at least 1. */
  readonly frameCount: number;
  /** Average frames a second; undefined where there is no clock (a folder of frames). */
  readonly framesPerSecond?: number | undefined;
}

/** A part of a video, in seconds from its start. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Refuses a video without frames, or with a frame rate that is not a positive number.
 *
 * @throws PreprocessError `invalid-argument`
 */
export function assertTimeline(video: FrameTimeline): void {
  const { frameCount, framesPerSecond } = video;
  assertCount("frameCount", frameCount);
  if (framesPerSecond !== undefined && !(framesPerSecond > 0 && framesPerSecond < Infinity)) {
    throw new PreprocessError(
      "invalid-argument",
      `framesPerSecond must be a positive number or undefined, got ${framesPerSecond}`,
    );
  }
}

/**
 * Refuses what is not a positive whole number.
 *
 * @throws PreprocessError `invalid-argument`
 */
export function assertCount(name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 1)) {
    throw new PreprocessError(
      "invalid-argument",
      `${name} must be a whole number of at least 1, got ${value}`,
    );
  }
}

/**
 * The frame rate, where a rule cannot do without.
 *
 * @throws PreprocessError `invalid-argument`
 */
export function requireFrameRate(video: FrameTimeline, purpose: string): number {
  if (video.framesPerSecond === undefined) {
    throw new PreprocessError(
      "invalid-argument",
      `${purpose} needs framesPerSecond, but this video has none (a folder of frames has no clock)`,
    );
  }
  return video.framesPerSecond;
}

/**
 * Refuses a range whose ends are not finite seconds in order.
 *
 * @throws PreprocessError `invalid-argument`
 */
export function assertTimeRange(clip: TimeRange): void {
  const { start, end } = clip;
  if (!(Number.isFinite(start) && Number.isFinite(end) && start <= end)) {
    throw new PreprocessError(
      "invalid-argument",
      `a clip is { start, end } in seconds with start <= end, got ${start} to ${end}`,
    );
  }
}

/** An error about a clip that has no frame of the video. */
export function emptyClip(clip: TimeRange, video: FrameTimeline): PreprocessError {
  const { frameCount, framesPerSecond } = video;
  return new PreprocessError(
    "invalid-argument",
    `the clip from ${clip.start} to ${clip.end} seconds holds no frame of a video of ` +
      `${frameCount} frames at ${framesPerSecond} a second`,
  );
}

/** To the nearest whole number, halves to the even one: Python's `round` and numpy's `around`. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const fraction = value - below;
  if (fraction !== 0.5) return fraction < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

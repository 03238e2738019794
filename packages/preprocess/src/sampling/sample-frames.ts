// Which frames of a video the model is shown at inference: one from the middle of each of `count` equal segments.
// The rule is that of the reference's published example (`get_index`), with the rounding of Python and numpy: the
// bounds and the segment starts go to the nearest whole number, halves to the even one; the sum is truncated.

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

/** How to pick frames for inference. */
export interface SampleFramesOptions {
  /** How many indices to give. Default 8. */
  readonly count?: number;
  /** Only this part of the video, cut to the video's own end. Default all of it. */
  readonly clip?: TimeRange;
}

/**
 * `count` frame indices in ascending order. Where the range has fewer frames than `count`, some repeat.
 *
 * @throws PreprocessError `invalid-argument` for a video without frames, a clip outside of it, or a clip of a video
 * without a frame rate.
 */
export function sampleFrames(video: FrameTimeline, options: SampleFramesOptions = {}): number[] {
  const { count = 8, clip } = options;
  assertTimeline(video);
  assertCount("count", count);
  const { start, end } = frameBounds(video, clip);
  const segment = (end - start) / count;
  return Array.from({ length: count }, (_, k) =>
    Math.trunc(start + segment / 2 + roundHalfEven(segment * k)),
  );
}

function frameBounds(video: FrameTimeline, clip: TimeRange | undefined): TimeRange {
  const last = video.frameCount - 1;
  if (clip === undefined) return { start: 0, end: last };
  assertTimeRange(clip);
  const rate = requireFrameRate(video, "a clip");
  const start = Math.max(0, roundHalfEven(clip.start * rate));
  const end = Math.min(roundHalfEven(clip.end * rate), last);
  if (start > end) throw emptyClip(clip, video);
  return { start, end };
}

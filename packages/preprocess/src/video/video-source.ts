// What every video looks like to the rest of the library, whatever decodes it: a clock and frames by index.

import type { RgbImage } from "../image.ts";

/** An open video. Frame `i` is the i-th in presentation order, as decord counts them. */
export interface VideoSource {
  /** Frames in presentation order, at least 1. */
  readonly frameCount: number;
  /** Average frames a second: frames by duration. Undefined where there is no clock (a folder of frames). */
  readonly framesPerSecond: number | undefined;
  /** Pixels in a row of a frame, turned upright. */
  readonly width: number;
  /** Rows of a frame, turned upright. */
  readonly height: number;
  /** What decodes it, in words and with its version: for result files. */
  readonly decoder: string;
  /**
   * The frames in the order asked for; an index may be asked for repeatedly. One frame is held at a time, and for an
   * index that repeats the same picture is given again, so pictures must not be changed. Ascending indices are
   * decoded in one pass, every step back starts another.
   *
   * @throws PreprocessError `invalid-argument` for an index outside the video or a disposed source, `malformed` where
   * the file breaks off or does not decode; the signal's reason when it is aborted.
   */
  frames(indices: readonly number[], options?: FrameOptions): AsyncIterable<RgbImage>;
  /** Ends what is still decoding and frees the file. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How to read frames. */
export interface FrameOptions {
  /** Ends the decoding; the iteration throws its reason. */
  readonly signal?: AbortSignal;
}

/** The largest frames that are decoded. */
export interface VideoLimits {
  /** Refuse frames of more pixels than this. Default 178,956,970, as for pictures. */
  readonly maxPixels?: number;
  /** Refuse frames with a side longer than this, in pixels. Default 65,535. */
  readonly maxSide?: number;
}

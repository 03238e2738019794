// What has been decided before mediabunny opens a video. Without mediabunny's types, so that Node code which loads it
// later can name them.

import type { VideoLimits } from "./video-source.ts";

/** How to open a video; all of it is decided by the caller. */
export interface MediabunnyOptions extends VideoLimits {
  readonly subject: string;
  /** What to report as the decoder. */
  readonly decoder: string;
  /** What to do about a codec that nothing decodes, for the message. */
  readonly advice: string;
  readonly preference: "no-preference" | "prefer-hardware" | "prefer-software";
  readonly signal: AbortSignal | undefined;
  /** Called when the decoder is closed, or could not be made. */
  readonly release: () => Promise<void>;
}

// An animated GIF as a video. Its frames build on each other, so they are composed from the first one on.

import type { FrameDecoder } from "../video/create-video-source.ts";
import { checkFrameSize } from "../video/limits.ts";
import type { VideoLimits } from "../video/video-source.ts";
import { readGifAnimation } from "../gif/gif-animation.ts";

/** The decoder for a GIF's bytes. */
export function createGifDecoder(
  gif: Uint8Array,
  options: VideoLimits & { readonly subject: string },
): FrameDecoder {
  const { subject } = options;
  const { width, height, frameCount, framesPerSecond, frames } = readGifAnimation(gif, { subject });
  checkFrameSize({ width, height }, options);
  return {
    frameCount,
    framesPerSecond,
    width,
    height,
    decoder: "own GIF reader",
    subject,
    async *decode(indices) {
      let number = 0;
      let wanted = 0;
      for (const image of frames()) {
        if (number++ === indices[wanted]) {
          wanted++;
          yield image;
        }
        if (wanted === indices.length) return;
      }
    },
    close: async () => {},
  };
}

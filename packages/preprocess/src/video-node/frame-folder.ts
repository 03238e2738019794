// A folder of pictures as a video without a clock: one frame a file, in the order that `sortFrameNames` gives.

import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { PreprocessError } from "../errors.ts";
import type { RgbImage } from "../image.ts";
import { sortFrameNames } from "../sampling/sort-frame-names.ts";
import { decodeImage } from "../sharp/decode.ts";
import type { FrameDecoder } from "../video/create-video-source.ts";
import type { VideoLimits } from "../video/video-source.ts";

const PICTURE_NAME = /^[^.].*\.(?:jpe?g|png|webp|tiff?|avif)$/iu;

/** The decoder for a folder. Its size is that of the first frame; others may differ. */
export async function createFolderDecoder(
  path: string,
  options: VideoLimits & { readonly subject: string; readonly signal: AbortSignal | undefined },
): Promise<FrameDecoder> {
  const { subject, signal, ...limits } = options;
  const files = await readdir(path);
  const names = sortFrameNames(files.filter((name) => PICTURE_NAME.test(name)));
  if (names.length === 0) {
    throw new PreprocessError(
      "malformed",
      `${subject}: expected a folder of frames (JPEG, PNG, WebP, TIFF or AVIF), found none ` +
        `among ${files.length} files`,
      { subject },
    );
  }
  const decodeFrame = async (index: number, stop: AbortSignal | undefined): Promise<RgbImage> => {
    const signalOption = stop === undefined ? {} : { signal: stop };
    const decoded = await decodeImage(join(path, names[index]!), { ...limits, ...signalOption });
    return decoded.image;
  };
  const { width, height } = await decodeFrame(0, signal);
  return {
    frameCount: names.length,
    framesPerSecond: undefined,
    width,
    height,
    decoder: "a folder of pictures, decoded by sharp",
    subject,
    async *decode(indices, stop) {
      for (const index of indices) yield await decodeFrame(index, stop);
    },
    close: async () => {},
  };
}

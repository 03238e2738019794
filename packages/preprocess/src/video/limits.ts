// The limits of a video's frames: those of pictures (`decodeImage`), checked before anything is decoded.

import { DEFAULT_MAX_PIXELS, DEFAULT_MAX_SIDE } from "../decode-contract.ts";
import { PreprocessError } from "../errors.ts";
import type { VideoLimits } from "./video-source.ts";

/**
 * Refuses frames that are too large, or have no pixels.
 *
 * @throws PreprocessError `too-large` or `malformed`
 */
export function checkFrameSize(
  size: { readonly width: number; readonly height: number },
  options: VideoLimits & { readonly subject: string },
): void {
  const { width, height } = size;
  const { subject, maxPixels = DEFAULT_MAX_PIXELS, maxSide = DEFAULT_MAX_SIDE } = options;
  const found = `${subject}: the frames are ${width}x${height}`;
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0)) {
    throw new PreprocessError("malformed", `${found}, expected positive sizes`, { subject });
  }
  if (Math.max(width, height) > maxSide) {
    const message = `${found}, expected no side longer than ${maxSide} pixels (maxSide)`;
    throw new PreprocessError("too-large", message, { subject });
  }
  if (width * height > maxPixels) {
    const message = `${found} = ${width * height} pixels, expected at most ${maxPixels} (maxPixels)`;
    throw new PreprocessError("too-large", message, { subject });
  }
}

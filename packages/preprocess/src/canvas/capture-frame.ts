// One picture of what a page already has in pixels: a camera's or video's current frame, a bitmap, a canvas. Frames of
// video are converted from YUV here, by the arithmetic of `./video`, where the browser gives their samples.

import { checkLimits, type SizeLimits } from "../decode-contract.ts";
import { PreprocessError } from "../errors.ts";
import type { RgbImage } from "../image.ts";
import { toRgb } from "../to-rgb.ts";
import { frameToRgb } from "../video/frame-to-rgb.ts";
import { readBitmap } from "./read-bitmap.ts";

/** What has pixels in a page or worker. */
export type FrameInput =
  | VideoFrame
  | HTMLVideoElement
  | ImageBitmap
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageData;

/** How to capture. */
export interface CaptureOptions extends SizeLimits {
  /** What messages call the picture. Default "the frame". */
  readonly subject?: string;
}

/**
 * The source's colours, upright and without alpha, in new bytes; the source stays open and unchanged. An
 * `ImageBitmap` should be made with `premultiplyAlpha: "none"` and `colorSpaceConversion: "none"`: what has been lost
 * before cannot be restored.
 *
 * @throws PreprocessError `invalid-argument` for a source without pixels (a video before its first frame, a stopped
 * camera, a closed frame), `too-large` for one beyond the limits, `unsupported` where its pixels may not be read.
 */
export async function captureFrame(
  source: FrameInput,
  options: CaptureOptions = {},
): Promise<RgbImage> {
  const { subject = "the frame" } = options;
  const size = sizeOf(source);
  if (size.width === 0 || size.height === 0) throw withoutPixels(subject);
  checkLimits(size, { ...options, subject });
  if ("codedWidth" in source) return await videoFrameToRgb(source);
  if ("data" in source) {
    return toRgb({ mode: "RGBA", data: Uint8Array.from(source.data) }, source);
  }
  try {
    return await readElement(source, subject);
  } catch (cause) {
    if (!(cause instanceof DOMException)) throw cause;
    // A video that has loaded its first frame, but has not shown it.
    if (cause.name === "InvalidStateError") throw withoutPixels(subject, cause);
    const found =
      cause.name === "SecurityError"
        ? "it comes from another origin that does not allow it (CORS)"
        : String(cause);
    throw new PreprocessError(
      "unsupported",
      `${subject}: expected pixels that this page may read, but ${found}`,
      { subject, cause },
    );
  }
}

function withoutPixels(subject: string, cause?: unknown): PreprocessError {
  return new PreprocessError(
    "invalid-argument",
    `${subject}: expected a source with pixels, found none: a video that shows nothing yet ` +
      "(wait for requestVideoFrameCallback), a camera that was stopped, an empty canvas, or something closed",
    { subject, cause },
  );
}

function sizeOf(source: FrameInput): { readonly width: number; readonly height: number } {
  if ("codedWidth" in source) {
    const { width = 0, height = 0 } = source.visibleRect ?? {};
    return { width, height };
  }
  if (!("videoWidth" in source)) return source;
  const shows = source.readyState >= source.HAVE_CURRENT_DATA && !hasEnded(source);
  return { width: shows ? source.videoWidth : 0, height: shows ? source.videoHeight : 0 };
}

/** True for the video of a camera that was stopped or unplugged: the element shows black, and says that it plays. */
function hasEnded({ srcObject }: HTMLVideoElement): boolean {
  if (!(srcObject instanceof MediaStream)) return false;
  return srcObject.getVideoTracks().every(({ readyState }) => readyState === "ended");
}

async function readElement(
  source: HTMLVideoElement | ImageBitmap | HTMLCanvasElement | OffscreenCanvas,
  subject: string,
): Promise<RgbImage> {
  if ("videoWidth" in source) {
    const frame = new VideoFrame(source);
    try {
      return await videoFrameToRgb(frame);
    } finally {
      frame.close();
    }
  }
  if ("close" in source) return await readBitmap(source, subject);
  const bitmap = await createImageBitmap(source, {
    premultiplyAlpha: "none",
    colorSpaceConversion: "none",
  });
  try {
    return await readBitmap(bitmap, subject);
  } finally {
    bitmap.close();
  }
}

/** Turns that a frame carries are newer than the frames themselves, and than their types. */
interface Turned {
  readonly rotation?: number;
  readonly flip?: boolean;
}

async function videoFrameToRgb(frame: VideoFrame): Promise<RgbImage> {
  const { width: codedWidth, height: codedHeight } = frame.visibleRect!;
  const { rotation = 0, flip = false } = frame as Turned;
  return await frameToRgb(
    {
      codedWidth,
      codedHeight,
      format: frame.format,
      rotation,
      flip,
      allocationSize: () => frame.allocationSize(),
      copyTo: (target, options) => frame.copyTo(target, options),
    },
    frame.colorSpace,
  );
}

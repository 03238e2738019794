// Videos wherever WebCodecs are: in browsers, and in Node once decoders have been registered with mediabunny.

import type { ByteSource } from "@internvit/model-core";

import { createVideoSource, type FrameDecoder } from "./create-video-source.ts";
import { createMediabunnyDecoder } from "./mediabunny-decoder.ts";
import type { MediabunnyOptions } from "./mediabunny-options.ts";
import type { VideoLimits, VideoSource } from "./video-source.ts";

/** How to open a video. */
export interface OpenVideoOptions extends VideoLimits {
  /** What messages call the video. Default "the video". */
  readonly subject?: string;
  /** Which decoder WebCodecs should take where there is a choice. Default `no-preference`. */
  readonly hardwareAcceleration?: "no-preference" | "prefer-hardware" | "prefer-software";
  /** Ends the opening. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a video: its bytes, a `Blob` such as a file that was picked, or any other `ByteSource`. Packets are
 * indexed, nothing is decoded yet.
 *
 * @throws PreprocessError `unsupported` for something that is not a video or that nothing here decodes, `malformed`
 * for a truncated or broken one, `too-large` for frames beyond the limits.
 */
export async function openVideo(
  source: Blob | Uint8Array | ByteSource,
  options: OpenVideoOptions = {},
): Promise<VideoSource> {
  const { subject = "the video", hardwareAcceleration = "no-preference", signal } = options;
  signal?.throwIfAborted();
  const decoder = await openDecoder(source, {
    ...options,
    subject,
    signal,
    decoder: "mediabunny with WebCodecs (VideoDecoder), own YUV to RGB",
    advice: "WebCodecs has no decoder for it",
    preference: hardwareAcceleration,
    release: async () => {},
  });
  return createVideoSource(decoder);
}

/** What `openVideo` makes its source of, with everything decided by the caller. */
export async function openDecoder(
  source: Blob | Uint8Array | ByteSource,
  options: MediabunnyOptions,
): Promise<FrameDecoder> {
  return createMediabunnyDecoder(toByteSource(source), options);
}

function toByteSource(source: Blob | Uint8Array | ByteSource): ByteSource {
  if (source instanceof Uint8Array) {
    const { byteLength } = source;
    return { byteLength, read: async (start, end) => source.subarray(start, end) };
  }
  if (!(source instanceof Blob)) return source;
  return {
    byteLength: source.size,
    read: async (start, end) => new Uint8Array(await source.slice(start, end).arrayBuffer()),
  };
}

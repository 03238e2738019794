// Opens whatever a video lies in on a disk: a container, an animated GIF, a folder of frames. Containers need a
// decoder that this package does not bring along; the message says how to get one.

import { open, readFile, stat } from "node:fs/promises";

import { PreprocessError, isPreprocessError } from "../errors.ts";
import { detectImageFormat } from "../image-format.ts";
import { createVideoSource, type FrameDecoder } from "../video/create-video-source.ts";
import type { VideoLimits, VideoSource } from "../video/video-source.ts";
import { createFfmpegDecoder, type FfmpegTools } from "./ffmpeg-decoder.ts";
import { findTool } from "./find-tool.ts";
import { createFolderDecoder } from "./frame-folder.ts";
import { createGifDecoder } from "./gif-file.ts";
import {
  createMediabunnyFileDecoder,
  describeLoadError,
  loadMediabunny,
  type MediabunnyPackages,
} from "./mediabunny-file.ts";

/** How to open a video file. */
export interface OpenVideoFileOptions extends VideoLimits {
  /**
   * What decodes a container: `mediabunny` (the packages mediabunny and @mediabunny/server), `ffmpeg` (the programs
   * ffmpeg and ffprobe on the PATH), or `auto` (default): mediabunny where it is installed and reads the file, else
   * ffmpeg. One that is named is never replaced by the other.
   */
  readonly decoder?: "auto" | "mediabunny" | "ffmpeg";
  /** What messages call the video. Default its path. */
  readonly subject?: string;
  /** Ends the opening. */
  readonly signal?: AbortSignal;
}

/** Where decoders are looked for. */
export interface DecoderEnvironment {
  /** The value of PATH. */
  readonly searchPath: string;
  /** Loads the optional packages, or throws. */
  readonly loadMediabunny: () => Promise<MediabunnyPackages>;
}

/**
 * Opens a video file, an animated GIF or a folder of frames, told apart by content.
 *
 * @throws PreprocessError `not-found` or `io` for what cannot be read, `unsupported` for something that is not a
 * video or where no decoder is installed, `malformed` for a truncated or broken file, `too-large` for frames beyond
 * the limits.
 */
export async function openVideoFile(
  path: string,
  options: OpenVideoFileOptions = {},
): Promise<VideoSource> {
  const environment = { searchPath: process.env["PATH"] ?? "", loadMediabunny };
  return openVideoFileWith(path, { ...options, environment });
}

/** `openVideoFile` with the places named where decoders are looked for. */
export async function openVideoFileWith(
  path: string,
  options: OpenVideoFileOptions & { readonly environment: DecoderEnvironment },
): Promise<VideoSource> {
  const { subject = path, signal } = options;
  signal?.throwIfAborted();
  const context = { ...options, subject, signal };
  try {
    return createVideoSource(await createDecoder(path, context));
  } catch (error) {
    signal?.throwIfAborted();
    throw toReadError(error, subject);
  }
}

type Context = Omit<OpenVideoFileOptions, "subject" | "signal"> & {
  readonly subject: string;
  readonly signal: AbortSignal | undefined;
  readonly environment: DecoderEnvironment;
};

async function createDecoder(path: string, context: Context): Promise<FrameDecoder> {
  const { subject, signal } = context;
  const limits = limitsOf(context);
  if ((await stat(path)).isDirectory()) {
    return createFolderDecoder(path, { ...limits, subject, signal });
  }
  const start = await readStart(path);
  if (start.length === 0) {
    const message = `${subject}: expected a video, found an empty file (0 bytes)`;
    throw new PreprocessError("malformed", message, { subject });
  }
  const picture = detectImageFormat(start);
  if (picture === "gif") return createGifDecoder(await readFile(path), { ...limits, subject });
  if (picture !== undefined) {
    throw new PreprocessError(
      "unsupported",
      `${subject}: expected a video, found a ${picture.toUpperCase()} picture`,
      { subject },
    );
  }
  return createContainerDecoder(path, context);
}

async function createContainerDecoder(path: string, context: Context): Promise<FrameDecoder> {
  const { decoder = "auto", subject, signal, environment } = context;
  const limits = limitsOf(context);
  const refusals: string[] = [];
  const advice: string[] = [];
  if (decoder !== "ffmpeg") {
    const packages = await environment.loadMediabunny().catch((error: unknown) => {
      refusals.push(describeLoadError(error));
      advice.push("`npm install mediabunny @mediabunny/server`");
    });
    try {
      if (packages !== undefined) {
        return await createMediabunnyFileDecoder(path, { ...limits, packages, subject, signal });
      }
    } catch (error) {
      // What is broken is broken for both; what mediabunny does not know, FFmpeg may.
      if (!isPreprocessError(error) || error.code !== "unsupported") throw error;
      if (decoder === "mediabunny") throw error;
      refusals.push(error.message.replace(`${subject}: `, ""));
    }
  }
  if (decoder !== "mediabunny") {
    const tools = await findFfmpeg(environment.searchPath);
    if (typeof tools !== "string") {
      return createFfmpegDecoder(path, { ...limits, tools, subject, signal });
    }
    refusals.push(tools);
    advice.push("FFmpeg (`apt-get install ffmpeg`, `brew install ffmpeg`)");
  }
  throw new PreprocessError(
    "unsupported",
    `${subject}: no decoder for this video: ${refusals.join("; ")}. Get one: ${advice.join(" or ")}`,
    { subject },
  );
}

/** Both programs, or what is missing. */
async function findFfmpeg(searchPath: string): Promise<FfmpegTools | string> {
  const [ffmpeg, ffprobe] = [
    await findTool("ffmpeg", searchPath),
    await findTool("ffprobe", searchPath),
  ];
  if (ffmpeg !== undefined && ffprobe !== undefined) return { ffmpeg, ffprobe };
  if (ffmpeg === undefined && ffprobe === undefined) return "ffmpeg is not on the PATH";
  const [there, missing] = ffmpeg === undefined ? ["ffprobe", "ffmpeg"] : ["ffmpeg", "ffprobe"];
  return `${there} is on the PATH, but ${missing} is not`;
}

function limitsOf(context: Context): VideoLimits {
  const { maxPixels, maxSide } = context;
  return {
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(maxSide === undefined ? {} : { maxSide }),
  };
}

async function readStart(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(16), 0, 16, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function toReadError(error: unknown, subject: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (isPreprocessError(error) || code === undefined) return error;
  if (code === "ENOENT" || code === "ENOTDIR") {
    const message = `${subject}: expected a video file or a folder of frames, found nothing`;
    return new PreprocessError("not-found", message, { subject, cause: error });
  }
  const message = `${subject}: expected a video file, reading failed (${String(error)})`;
  return new PreprocessError("io", message, { subject, cause: error });
}

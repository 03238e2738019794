// A video through the system's `ffprobe` and `ffmpeg`: what decord asks FFmpeg's libraries for. Frames are the packets of the
// first video stream, the rate is the container's `avg_frame_rate`, pictures are turned upright and converted to
// RGB by swscale. All frames up to the last one that is asked for are decoded and counted, so that an index never
// depends on seeking.

import { resolve } from "node:path";

import { z } from "zod";

import { PreprocessError } from "../errors.ts";
import type { RgbImage } from "../image.ts";
import type { FrameDecoder } from "../video/create-video-source.ts";
import { checkFrameSize } from "../video/limits.ts";
import type { VideoLimits } from "../video/video-source.ts";
import { readTool, runTool } from "./run-tool.ts";
import { selectExpression, splitSelection } from "./select-frames.ts";

/** The two programs. */
export interface FfmpegTools {
  readonly ffmpeg: string;
  readonly ffprobe: string;
}

/** How to open a video. */
export interface FfmpegOptions extends VideoLimits {
  readonly tools: FfmpegTools;
  readonly subject: string;
  readonly signal: AbortSignal | undefined;
}

/** The decoder for the file at `path`; nothing stays open between calls. */
export async function createFfmpegDecoder(
  path: string,
  options: FfmpegOptions,
): Promise<FrameDecoder> {
  const { tools, subject, signal } = options;
  const stream = await probe(path, options);
  checkFrameSize(stream, options);
  const version = await readVersion(tools.ffmpeg, signal);
  const turned = stream.rotation % 180 !== 0;
  const size = {
    width: turned ? stream.height : stream.width,
    height: turned ? stream.width : stream.height,
  };
  return {
    ...size,
    frameCount: stream.frameCount,
    framesPerSecond: stream.framesPerSecond,
    decoder: `ffmpeg ${version} (the system's program), swscale to rgb24`,
    subject,
    decode: (indices, stop) =>
      decodeFrames(path, { indices, size, ffmpeg: tools.ffmpeg, version, subject, signal: stop }),
    close: async () => {},
  };
}

// The first stream that is a video and not a cover picture, here and in RGB.
const PROBE = "-v error -count_packets -select_streams V:0 -of json".split(" ");
const DECODE = "-nostdin -hide_banner -v error -xerror".split(" ");
const RGB = "-map 0:V:0 -pix_fmt rgb24 -f rawvideo pipe:1".split(" ");

/** An absolute path with its protocol in front is never taken for an option, an address or a pattern. */
function inputArguments(path: string): readonly string[] {
  return ["-protocol_whitelist", "file", "-i", `file:${resolve(path)}`];
}

const probeSchema = z.object({
  streams: z.array(
    z.object({
      width: z.int(),
      height: z.int(),
      avg_frame_rate: z.string(),
      nb_read_packets: z.string(),
      side_data_list: z.array(z.object({ rotation: z.number().optional() })).default([]),
    }),
  ),
});

interface Stream {
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  readonly framesPerSecond: number | undefined;
  /** Degrees, as a multiple of 90 where it is one. */
  readonly rotation: number;
}

// What ffprobe says about a file that breaks off, while it ends as if nothing had happened.
const BROKEN_FILE = /partial file|ended prematurely/iu;

async function probe(path: string, options: FfmpegOptions): Promise<Stream> {
  const { tools, subject, signal } = options;
  const entries = "stream=width,height,avg_frame_rate,nb_read_packets:stream_side_data=rotation";
  const args = [...PROBE, "-show_entries", entries, ...inputArguments(path)];
  const { code, errors, output } = await readTool(tools.ffprobe, { args, signal });
  if (code !== 0 || BROKEN_FILE.test(errors)) {
    throw broken(subject, `ffprobe: ${lastLine(errors)}`);
  }
  const [stream] = probeSchema.parse(JSON.parse(output)).streams;
  if (stream === undefined) {
    const message = `${subject}: expected a video, found a file without a video stream`;
    throw new PreprocessError("unsupported", message, { subject });
  }
  const frameCount = Number(stream.nb_read_packets);
  if (!(frameCount >= 1)) throw broken(subject, "it has no frames");
  const [numerator = 0, denominator = 0] = stream.avg_frame_rate.split("/").map(Number);
  const rate = numerator / denominator;
  return {
    width: stream.width,
    height: stream.height,
    frameCount,
    framesPerSecond: rate > 0 && rate < Infinity ? rate : undefined,
    rotation: Math.round(stream.side_data_list.find((data) => data.rotation)?.rotation ?? 0),
  };
}

async function* decodeFrames(
  path: string,
  options: {
    readonly indices: readonly number[];
    readonly size: { readonly width: number; readonly height: number };
    readonly ffmpeg: string;
    readonly version: string;
    readonly subject: string;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<RgbImage, void, undefined> {
  const { indices, size, ffmpeg, version, subject, signal } = options;
  for (const part of splitSelection(indices)) {
    const selection = ["-vf", `select='${selectExpression(part)}'`, "-frames:v", `${part.length}`];
    const args = [...DECODE, ...inputArguments(path), ...selection, ...everyFrame(version), ...RGB];
    yield* cutFrames(runTool(ffmpeg, { args, signal }), { size, subject });
  }
}

/** Neither repeats nor drops frames. The option was renamed in FFmpeg 5.1. */
function everyFrame(version: string): readonly string[] {
  const [major = 0, minor = 0] = (/^(\d+)\.(\d+)/u.exec(version) ?? []).slice(1).map(Number);
  const old = major !== 0 && (major < 5 || (major === 5 && minor < 1));
  return old ? ["-vsync", "passthrough"] : ["-fps_mode", "passthrough"];
}

async function* cutFrames(
  run: ReturnType<typeof runTool>,
  options: {
    readonly size: { readonly width: number; readonly height: number };
    readonly subject: string;
  },
): AsyncGenerator<RgbImage, void, undefined> {
  const { size, subject } = options;
  const frameBytes = size.width * size.height * 3;
  let frame = new Uint8Array(frameBytes);
  let filled = 0;
  try {
    for (;;) {
      const next = await run.next();
      if (next.done === true) {
        const { code, errors } = next.value;
        if (code !== 0) throw broken(subject, `ffmpeg: ${lastLine(errors)}`);
        return;
      }
      for (let at = 0; at < next.value.length;) {
        const piece = next.value.subarray(at, at + frameBytes - filled);
        frame.set(piece, filled);
        filled += piece.length;
        at += piece.length;
        if (filled < frameBytes) continue;
        yield { ...size, data: frame };
        frame = new Uint8Array(frameBytes);
        filled = 0;
      }
    }
  } finally {
    await run.return({ code: null, errors: "" });
  }
}

async function readVersion(ffmpeg: string, signal: AbortSignal | undefined): Promise<string> {
  const { output } = await readTool(ffmpeg, { args: ["-version"], signal });
  return /^ffmpeg version (\S+)/u.exec(output)?.[1] ?? "of unknown version";
}

function lastLine(errors: string): string {
  return errors.split("\n").at(-1) || "it ended without a message";
}

function broken(subject: string, reason: string): PreprocessError {
  const message = `${subject}: expected a whole video, but it is truncated or broken: ${reason}`;
  return new PreprocessError("malformed", message, { subject });
}

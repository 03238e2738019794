// A video through mediabunny: it reads the container, and WebCodecs (browsers) or decoders registered with it (Node)
// decode. Every packet is one frame; sorted by time they are the frames in presentation order, as in decord.

import type { ByteSource } from "@internvit/model-core";
import {
  ALL_FORMATS,
  EncodedPacketSink,
  Input,
  UnsupportedInputFormatError,
  VideoSampleSink,
  type InputVideoTrack,
} from "mediabunny";

import { isPreprocessError, PreprocessError } from "../errors.ts";
import type { RgbImage } from "../image.ts";
import { containDecodeErrors } from "./contain-decode-errors.ts";
import { containerSource } from "./container-source.ts";
import type { FrameDecoder } from "./create-video-source.ts";
import { averageFrameRate } from "./frame-rate.ts";
import { frameToRgb } from "./frame-to-rgb.ts";
import { checkFrameSize } from "./limits.ts";
import type { MediabunnyOptions } from "./mediabunny-options.ts";

/** The decoder over the bytes of a container. */
export async function createMediabunnyDecoder(
  bytes: ByteSource,
  options: MediabunnyOptions,
): Promise<FrameDecoder> {
  const { source, startDecoding } = containerSource(bytes);
  const input = new Input({ formats: ALL_FORMATS, source });
  const close = async (): Promise<void> => {
    input.dispose();
    await options.release();
  };
  try {
    const track = await findTrack(input, options);
    const { decode, ...facts } = await describe(track, options);
    return {
      ...facts,
      decode: (indices, signal) => {
        startDecoding();
        return decode(indices, signal);
      },
      close,
    };
  } catch (error) {
    await close();
    options.signal?.throwIfAborted();
    throw toPreprocessError(error, options.subject);
  }
}

async function findTrack(input: Input, options: MediabunnyOptions): Promise<InputVideoTrack> {
  const { subject, advice } = options;
  const track = await input.getPrimaryVideoTrack();
  if (track === null) {
    const tracks = await input.getTracks();
    if (tracks.length === 0) throw broken(subject, "it has no tracks");
    throw new PreprocessError(
      "unsupported",
      `${subject}: expected a video, found ${tracks.length} tracks of which none is a video`,
      { subject },
    );
  }
  if (!(await track.canDecode())) {
    const codec = (await track.getCodecParameterString()) ?? (await track.getCodec()) ?? "unknown";
    throw new PreprocessError(
      "unsupported",
      `${subject}: nothing here decodes its codec (${codec}); ${advice}`,
      { subject },
    );
  }
  return track;
}

async function describe(
  track: InputVideoTrack,
  options: MediabunnyOptions,
): Promise<Omit<FrameDecoder, "close">> {
  const { subject, decoder, preference, signal } = options;
  const coded = { width: await track.getCodedWidth(), height: await track.getCodedHeight() };
  checkFrameSize(coded, options);
  const turned = (await track.getRotation()) % 180 !== 0;
  const { times, duration } = await readTimes(track, { subject, signal });
  const color = await track.getColorSpace();
  return {
    frameCount: times.length,
    framesPerSecond: averageFrameRate(times.length, {
      duration,
      ticksPerSecond: await track.getTimeResolution(),
    }),
    width: turned ? coded.height : coded.width,
    height: turned ? coded.width : coded.height,
    decoder,
    subject,
    decode: (indices, stop) =>
      decodeFrames(track, { indices, times, color, subject, preference, signal: stop }),
  };
}

/** The frames' times in seconds, ascending. The last packet's bytes are read, to notice a file that breaks off. */
async function readTimes(
  track: InputVideoTrack,
  options: { readonly subject: string; readonly signal: AbortSignal | undefined },
): Promise<{ readonly times: readonly number[]; readonly duration: number }> {
  const { subject, signal } = options;
  const sink = new EncodedPacketSink(track);
  const times: number[] = [];
  let end = 0;
  for await (const packet of sink.packets(undefined, undefined, { metadataOnly: true })) {
    signal?.throwIfAborted();
    times.push(packet.timestamp);
    end = Math.max(end, packet.timestamp + packet.duration);
  }
  times.sort((a, b) => a - b);
  const last = times.at(-1);
  if (last === undefined) throw broken(subject, "it has no frames");
  if ((await sink.getPacket(last)) === null) {
    throw broken(subject, `it breaks off before frame ${times.length - 1}`);
  }
  return { times, duration: end - times[0]! };
}

async function* decodeFrames(
  track: InputVideoTrack,
  options: {
    readonly indices: readonly number[];
    readonly times: readonly number[];
    readonly color: Awaited<ReturnType<InputVideoTrack["getColorSpace"]>>;
    readonly subject: string;
    readonly preference: MediabunnyOptions["preference"];
    readonly signal: AbortSignal;
  },
): AsyncGenerator<RgbImage, void, undefined> {
  const { indices, times, color, subject, preference, signal } = options;
  const sink = containDecodeErrors(
    new VideoSampleSink(track, { hardwareAcceleration: preference }),
  );
  const samples = sink.samplesAtTimestamps(indices.map((index) => times[index]!));
  const finished = new AbortController();
  const aborted = rejectOnAbort(signal, {
    until: finished.signal,
    // An iteration that nobody continues must not keep its decoder.
    cleanUp: () => void samples.return(),
  });
  try {
    for (;;) {
      const next = await Promise.race([samples.next(), aborted]);
      if (next.done === true) return;
      // No sample for a time: the packets up to it did not give a frame.
      if (next.value === null) return;
      try {
        yield await frameToRgb(next.value, color);
      } finally {
        next.value.close();
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw toPreprocessError(error, subject);
  } finally {
    finished.abort();
    await samples.return();
  }
}

/** A promise that rejects when the signal is aborted, after `cleanUp` has been called, as long as `until` is not. */
function rejectOnAbort(
  signal: AbortSignal,
  options: { readonly until: AbortSignal; readonly cleanUp: () => void },
): Promise<never> {
  const { until, cleanUp } = options;
  const aborted = new Promise<never>((_, reject) => {
    const abort = (): void => {
      cleanUp();
      reject(signal.reason);
    };
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true, signal: until });
  });
  // Nobody may be waiting when it rejects.
  aborted.catch(() => {});
  return aborted;
}

function toPreprocessError(error: unknown, subject: string): unknown {
  if (isPreprocessError(error)) return error;
  if (error instanceof UnsupportedInputFormatError) {
    return new PreprocessError(
      "unsupported",
      `${subject}: expected a video container that mediabunny reads (MP4, MOV, WebM, Matroska, MPEG-TS), ` +
        "found none of them",
      { subject, cause: error },
    );
  }
  return broken(subject, error instanceof Error ? error.message : String(error), error);
}

function broken(subject: string, reason: string, cause?: unknown): PreprocessError {
  return new PreprocessError(
    "malformed",
    `${subject}: expected a whole video, but it is truncated or broken: ${reason}`,
    cause === undefined ? { subject } : { subject, cause },
  );
}

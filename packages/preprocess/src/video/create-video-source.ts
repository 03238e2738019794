// Makes a VideoSource of a decoder that can do one thing: give frames in ascending order. Checking indices, steps
// back, repeated indices, ending early and disposing are the same for all decoders and live here.

import { PreprocessError } from "../errors.ts";
import type { RgbImage } from "../image.ts";
import type { FrameOptions, VideoSource } from "./video-source.ts";

/** What is known of a video, and how its frames are decoded. */
export interface FrameDecoder {
  readonly frameCount: number;
  readonly framesPerSecond: number | undefined;
  readonly width: number;
  readonly height: number;
  readonly decoder: string;
  /** What messages call the video. */
  readonly subject: string;
  /** One picture for each of the indices, which ascend without repeats. Leaving the iteration early ends it. */
  decode(ascending: readonly number[], signal: AbortSignal): AsyncIterable<RgbImage>;
  /** Called once, after the signals of all decoding have been aborted. */
  close(): Promise<void>;
}

/** The source over a decoder, which it owns from now on. */
export function createVideoSource(frameDecoder: FrameDecoder): VideoSource {
  const { frameCount, framesPerSecond, width, height, decoder, subject } = frameDecoder;
  const disposal = new AbortController();
  let disposed: Promise<void> | undefined;

  async function* frames(
    indices: readonly number[],
    options: FrameOptions = {},
  ): AsyncGenerator<RgbImage, void, undefined> {
    const { signal } = options;
    if (disposal.signal.aborted) throw disposal.signal.reason;
    checkIndices(indices, { frameCount, subject });
    const stop =
      signal === undefined ? disposal.signal : AbortSignal.any([signal, disposal.signal]);
    for (const pass of ascendingPasses(indices)) {
      stop.throwIfAborted();
      yield* decodePass(frameDecoder, { pass, signal: stop });
    }
  }

  async function dispose(): Promise<void> {
    disposed ??= (async () => {
      disposal.abort(
        new PreprocessError("invalid-argument", `${subject}: the video source is disposed`, {
          subject,
        }),
      );
      // Not after the iterations have ended: one that nobody continues never does.
      await frameDecoder.close();
    })();
    await disposed;
  }

  return {
    frameCount,
    framesPerSecond,
    width,
    height,
    decoder,
    frames,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** The indices cut where they step back: each pass is ascending, repeats next to each other allowed. */
function ascendingPasses(indices: readonly number[]): number[][] {
  const passes: number[][] = [];
  for (const index of indices) {
    const pass = passes.at(-1);
    if (pass !== undefined && index >= pass.at(-1)!) pass.push(index);
    else passes.push([index]);
  }
  return passes;
}

async function* decodePass(
  frameDecoder: FrameDecoder,
  options: { readonly pass: readonly number[]; readonly signal: AbortSignal },
): AsyncGenerator<RgbImage, void, undefined> {
  const { pass, signal } = options;
  const wanted = pass.filter((index, i) => index !== pass[i - 1]);
  let given = 0;
  let next = 0;
  for await (const image of frameDecoder.decode(wanted, signal)) {
    signal.throwIfAborted();
    const index = wanted[given++];
    while (next < pass.length && pass[next] === index) {
      next++;
      yield image;
      signal.throwIfAborted();
    }
    if (given === wanted.length) return;
  }
  signal.throwIfAborted();
  const { subject, frameCount } = frameDecoder;
  throw new PreprocessError(
    "malformed",
    `${subject}: expected ${frameCount} frames, but frame ${wanted[given]} did not decode: ` +
      "the file is truncated or broken",
    { subject },
  );
}

function checkIndices(
  indices: readonly number[],
  video: { readonly frameCount: number; readonly subject: string },
): void {
  const { frameCount, subject } = video;
  for (const index of indices) {
    if (!(Number.isSafeInteger(index) && index >= 0 && index < frameCount)) {
      throw new PreprocessError(
        "invalid-argument",
        `${subject}: expected frame indices from 0 to ${frameCount - 1}, got ${index}`,
        { subject },
      );
    }
  }
}

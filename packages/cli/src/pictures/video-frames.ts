// Frames of a video, of an animated GIF or of a folder of pictures as visual input: one tile each.

import { planVideo, type VisualPlan } from "@internvit/model-core";
import {
  IMAGENET_NORMALIZATION,
  padToSquare,
  type RgbImage,
  sampleFrames,
  tilePixels,
} from "@internvit/preprocess";
import { openVideoFile, type VideoSource } from "@internvit/preprocess/video/node";

import { planFacts } from "./plan-facts.ts";
import type { DecodeLimits } from "./prepare-pictures.ts";
import type { VisualInput } from "./visual-input.ts";

/** Options of `videoFrames`. */
export interface VideoFramesOptions extends DecodeLimits {
  /** How many frames, evenly spread. */
  readonly frames: number;
  /** Seconds from the beginning; undefined: the whole video. */
  readonly clip: { readonly start: number; readonly end: number } | undefined;
  readonly decoder: "auto" | "mediabunny" | "ffmpeg";
  readonly tileSize: number;
  readonly tokensPerTile: number;
  readonly padToSquare: boolean;
  readonly signal: AbortSignal;
}

/**
 * Opens the video and chooses its frames by the rule of the reference's inference example.
 *
 * @throws PreprocessError when it cannot be opened or decoded.
 */
export async function videoFrames(path: string, options: VideoFramesOptions): Promise<VisualInput> {
  const { frames: count, clip, decoder, tileSize, tokensPerTile, signal } = options;
  const video = await openVideoFile(path, { decoder, signal, ...limits(options) });
  try {
    const indices = sampleFrames(video, { count, ...(clip === undefined ? {} : { clip }) });
    const size = padded(video, options.padToSquare);
    const plan = planVideo(
      indices.map(() => size),
      { tokensPerTile, tileSize },
    );
    return {
      tileSize,
      tileCount: plan.tileCount,
      normalization: IMAGENET_NORMALIZATION,
      plan,
      pictures: plan.pictures.map((picture, position) => ({
        label: `${path}#${indices[position]}`,
        tiles: 1,
        facts: { frame: indices[position] as number, ...planFacts(picture.plan) },
      })),
      facts: {
        preprocess: "one tile per frame",
        filter: "bicubic",
        video: {
          file: path,
          decoder: video.decoder,
          frames: video.frameCount,
          frames_per_second: video.framesPerSecond ?? null,
          indices,
          clip: clip === undefined ? null : [clip.start, clip.end],
          pad_to_square: options.padToSquare,
        },
      },
      pixels: () => pixelsOf(video, { plan, indices, options }),
      [Symbol.asyncDispose]: () => video.dispose(),
    };
  } catch (error) {
    await video.dispose();
    throw error;
  }
}

async function* pixelsOf(
  video: VideoSource,
  work: {
    readonly plan: VisualPlan;
    readonly indices: readonly number[];
    readonly options: VideoFramesOptions;
  },
): ReturnType<VisualInput["pixels"]> {
  const { plan, indices, options } = work;
  let index = 0;
  for await (const frame of video.frames(indices, { signal: options.signal })) {
    const picture = plan.pictures[index];
    if (picture === undefined) throw new Error("the video gave more frames than were asked for");
    yield { index, pixels: tilePixels(pad(frame, options.padToSquare), picture.plan) };
    index++;
  }
}

function pad(image: RgbImage, wanted: boolean): RgbImage {
  return wanted ? padToSquare(image, { mean: IMAGENET_NORMALIZATION.mean }) : image;
}

function padded(
  { width, height }: { readonly width: number; readonly height: number },
  wanted: boolean,
): { readonly width: number; readonly height: number } {
  if (!wanted) return { width, height };
  const side = Math.max(width, height);
  return { width: side, height: side };
}

function limits({ maxPixels, maxSide }: DecodeLimits): {
  readonly maxPixels?: number;
  readonly maxSide?: number;
} {
  return {
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(maxSide === undefined ? {} : { maxSide }),
  };
}

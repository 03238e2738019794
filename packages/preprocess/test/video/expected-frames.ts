// What is known of the video fixtures: their frames' checksums, and the number that is drawn into every frame.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { fixturePath } from "@internvit/test-kit";

import type { RgbImage } from "../../src/index.ts";

interface ContainerFacts {
  readonly frames: number;
  /** A fraction as text. */
  readonly averageFrameRate: string;
  /** SHA-256 of every frame as FFmpeg 5.1's rgb24. */
  readonly rgb24: readonly string[];
}

const expected = JSON.parse(readFileSync(fixturePath("video", "expected.json"), "utf8")) as {
  readonly containers: Readonly<Record<string, ContainerFacts>>;
  readonly gifs: Readonly<Record<string, readonly string[]>>;
};

/** Facts by file name. */
export const CONTAINERS: Readonly<Record<string, ContainerFacts>> = expected.containers;

/** SHA-256 of every frame as Pillow shows it, by path below the fixtures. */
export const GIFS: Readonly<Record<string, readonly string[]>> = expected.gifs;

/** Frames a second as FFmpeg states them. */
export function statedRate(name: string): number {
  const [numerator, denominator] = CONTAINERS[name]!.averageFrameRate.split("/").map(Number);
  return numerator! / denominator!;
}

/** The SHA-256 of a picture's bytes. */
export function sha256(image: RgbImage): string {
  return createHash("sha256").update(image.data).digest("hex");
}

/** The number in a frame: eight blocks in its first row, the lowest bit first, white for 1. */
export function numberDrawnIn(image: RgbImage): number {
  const block = Math.floor(image.width / 8);
  let number = 0;
  for (let bit = 0; bit < 8; bit++) {
    const x = bit * block + (block >> 1);
    if (image.data[(block * image.width + x) * 3]! > 128) number |= 1 << bit;
  }
  return number;
}

/** Every index of a video. */
export function allIndices(video: { readonly frameCount: number }): number[] {
  return Array.from({ length: video.frameCount }, (_, i) => i);
}

/** Everything that an iteration gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

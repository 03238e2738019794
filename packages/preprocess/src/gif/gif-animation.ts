// Every frame of a GIF as Pillow 12.3 shows it after `seek(i)` and `convert("RGB")` (GifImagePlugin, its default
// loading strategy). Pillow keeps an alpha channel while it composes and drops it at the end; nothing that is shown
// depends on it, so the canvas here is plain RGB. Transparent pixels of the first frame show their palette colour,
// as `decodeImage` shows them; those of later frames let the canvas through.
// Deviation: frames that reach outside the screen are refused, where Pillow enlarges the picture as it goes.

import { PreprocessError } from "../errors.ts";
import type { RgbImage } from "../image.ts";
import { joinSubBlocks, readGifBlocks, type GifBlocks, type GifFrameHeader } from "./gif-blocks.ts";
import { decodeGifLzw } from "./gif-lzw.ts";

/** A GIF's size and clock. */
export interface GifAnimation {
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  /** Frames by the sum of their delays; undefined where that is zero. */
  readonly framesPerSecond: number | undefined;
  /** All frames from the first on, composed. Every picture is new. */
  frames(): Iterable<RgbImage>;
}

/**
 * Reads a GIF's headers; frames are decoded one after the other while they are iterated over.
 *
 * @throws PreprocessError `malformed`, here or while iterating, for a broken or truncated file.
 */
export function readGifAnimation(
  gif: Uint8Array,
  options: { readonly subject: string },
): GifAnimation {
  const { subject } = options;
  const blocks = readGifBlocks(gif, subject);
  const { width, height, frames } = blocks;
  if (frames.length === 0 || width === 0 || height === 0) {
    throw new PreprocessError(
      "malformed",
      `${subject}: expected a GIF with frames, found ${frames.length} on a screen of ${width}x${height}`,
      { subject },
    );
  }
  for (const [i, frame] of frames.entries()) {
    if (frame.left + frame.width <= width && frame.top + frame.height <= height) continue;
    throw new PreprocessError(
      "malformed",
      `${subject}: expected frames within the screen of ${width}x${height}, but frame ${i} is ` +
        `${frame.width}x${frame.height} at (${frame.left}, ${frame.top})`,
      { subject },
    );
  }
  const centiseconds = frames.reduce((sum, frame) => sum + frame.delay, 0);
  return {
    width,
    height,
    frameCount: frames.length,
    framesPerSecond: centiseconds > 0 ? (frames.length * 100) / centiseconds : undefined,
    frames: () => compose(gif, { blocks, subject }),
  };
}

function* compose(
  gif: Uint8Array,
  options: { readonly blocks: GifBlocks; readonly subject: string },
): Generator<RgbImage, void, undefined> {
  const { blocks, subject } = options;
  const { width, height } = blocks;
  const canvas = new Uint8Array(width * height * 3);
  const first = blocks.frames[0]!;
  const grayThroughout = framePalette(first, blocks) === undefined;
  for (const [i, frame] of blocks.frames.entries()) {
    const palette = framePalette(frame, blocks);
    const colorOf = (index: number): readonly number[] => entry(palette, index);
    if (i === 0)
      paint(canvas, { width, area: blocksArea(blocks), color: colorOf(frame.transparent ?? 0) });
    // Decided before the frame is drawn, as Pillow does it.
    const below = frame.disposal > 2 && i > 0 ? cut(canvas, { width, area: frame }) : undefined;
    draw(canvas, {
      width,
      frame,
      palette,
      indices: frameIndices(gif, { frame, number: i, subject }),
      opaque: i === 0,
    });
    yield { width, height, data: canvas.slice() };
    if (below !== undefined) {
      pasteBack(canvas, { width, area: frame, pixels: below });
    } else if (frame.disposal === 2) {
      // Only a picture in gray levels keeps the first frame's transparent index.
      const kept = grayThroughout ? first.transparent : undefined;
      const index = kept ?? frame.transparent ?? blocks.background;
      // Past the palette's end the first frame shows black, later ones the first colour.
      const inside = i === 0 || palette === undefined || index * 3 + 3 <= palette.length;
      paint(canvas, { width, area: frame, color: colorOf(inside ? index : 0) });
    } else if (frame.disposal > 2 && frame.transparent !== undefined) {
      // The first frame has nothing below it.
      paint(canvas, { width, area: frame, color: colorOf(frame.transparent) });
    }
  }
}

interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function blocksArea(blocks: GifBlocks): Area {
  return { left: 0, top: 0, width: blocks.width, height: blocks.height };
}

/** The palette of a frame; undefined for gray levels: none at all, or one that only repeats its indices. */
function framePalette(frame: GifFrameHeader, blocks: GifBlocks): Uint8Array | undefined {
  const palette = frame.palette ?? blocks.palette;
  return palette?.some((level, i) => level !== Math.floor(i / 3)) === true ? palette : undefined;
}

/** The colour of an index: black past the palette's end, a gray level without one. */
function entry(palette: Uint8Array | undefined, index: number): readonly number[] {
  if (palette === undefined) return [index, index, index];
  return [0, 1, 2].map((channel) => palette[index * 3 + channel] ?? 0);
}

function frameIndices(
  gif: Uint8Array,
  options: {
    readonly frame: GifFrameHeader;
    readonly number: number;
    readonly subject: string;
  },
): Uint8Array {
  const { frame, number, subject } = options;
  const { rootBits, width, height } = frame;
  const data = joinSubBlocks(gif, frame.dataOffset);
  const indices = decodeGifLzw(data, { rootBits, length: width * height });
  if (indices === undefined) {
    throw new PreprocessError(
      "malformed",
      `${subject}: expected ${width * height} pixels in GIF frame ${number}, but its data ends early or is broken`,
      { subject },
    );
  }
  return indices;
}

// The rows of an interlaced frame in the order of the file: first row and step of each pass.
const INTERLACED_PASSES = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

function rowOrder(frame: GifFrameHeader): readonly number[] {
  const rows = Array.from({ length: frame.height }, (_, row) => row);
  if (!frame.interlaced) return rows;
  return INTERLACED_PASSES.flatMap(([start, step]) =>
    rows.filter((row) => row >= start && (row - start) % step === 0),
  );
}

function draw(
  canvas: Uint8Array,
  options: {
    readonly width: number;
    readonly frame: GifFrameHeader;
    readonly palette: Uint8Array | undefined;
    readonly indices: Uint8Array;
    readonly opaque: boolean;
  },
): void {
  const { width, frame, palette, indices, opaque } = options;
  const colors = new Uint8Array(256 * 3);
  for (let index = 0; index < 256; index++) colors.set(entry(palette, index), index * 3);
  const through = opaque ? -1 : (frame.transparent ?? -1);
  let i = 0;
  for (const row of rowOrder(frame)) {
    let o = ((frame.top + row) * width + frame.left) * 3;
    for (let column = 0; column < frame.width; column++, o += 3) {
      const index = indices[i++]!;
      if (index === through) continue;
      canvas[o] = colors[index * 3]!;
      canvas[o + 1] = colors[index * 3 + 1]!;
      canvas[o + 2] = colors[index * 3 + 2]!;
    }
  }
}

function paint(
  canvas: Uint8Array,
  options: { readonly width: number; readonly area: Area; readonly color: readonly number[] },
): void {
  const { width, area, color } = options;
  for (let row = area.top; row < area.top + area.height; row++) {
    const start = (row * width + area.left) * 3;
    for (let o = start; o < start + area.width * 3; o += 3) canvas.set(color, o);
  }
}

function cut(
  canvas: Uint8Array,
  options: { readonly width: number; readonly area: Area },
): Uint8Array {
  const { width, area } = options;
  const pixels = new Uint8Array(area.width * area.height * 3);
  for (let row = 0; row < area.height; row++) {
    const start = ((area.top + row) * width + area.left) * 3;
    pixels.set(canvas.subarray(start, start + area.width * 3), row * area.width * 3);
  }
  return pixels;
}

function pasteBack(
  canvas: Uint8Array,
  options: { readonly width: number; readonly area: Area; readonly pixels: Uint8Array },
): void {
  const { width, area, pixels } = options;
  for (let row = 0; row < area.height; row++) {
    const line = pixels.subarray(row * area.width * 3, (row + 1) * area.width * 3);
    canvas.set(line, ((area.top + row) * width + area.left) * 3);
  }
}

// Pillow 12.3's `convert("RGB")` (src/libImaging/Convert.c), for the modes that picture files decode to. Integer
// arithmetic throughout. Alpha is dropped, never composited; a palette's transparency is ignored.

import { PreprocessError } from "./errors.ts";
import { assertSize, type RgbImage } from "./image.ts";

/** Samples as a decoder gives them, by Pillow's mode name; rows without gaps, channels interleaved. */
export type RawSamples =
  | {
      /** Gray, gray with alpha, colour, colour with alpha; `CMYK` with 255 as full ink. */
      readonly mode: "L" | "LA" | "RGB" | "RGBA" | "CMYK";
      readonly data: Uint8Array;
    }
  | {
      /** Black and white: 0 is black, anything else white, one byte a pixel. */
      readonly mode: "1";
      readonly data: Uint8Array;
    }
  | {
      /** Palette indices. */
      readonly mode: "P";
      readonly data: Uint8Array;
      /** Up to 256 RGB entries, three bytes each; an index past the end is black. */
      readonly palette: Uint8Array;
    }
  | {
      /** 16-bit gray. Pillow clips it to 255 and does not scale it: everything above 255 becomes white. */
      readonly mode: "I;16";
      readonly data: Uint16Array;
    };

const CHANNELS = { L: 1, LA: 2, RGB: 3, RGBA: 4, CMYK: 4, "1": 1, P: 1, "I;16": 1 } as const;

/**
 * The samples as an RGB picture. For mode `RGB` the data is shared, otherwise it is new.
 *
 * @throws PreprocessError `invalid-argument` when the samples do not fit the size.
 */
export function toRgb(
  samples: RawSamples,
  size: { readonly width: number; readonly height: number },
): RgbImage {
  const { width, height } = size;
  assertSize("an image", size);
  const pixels = width * height;
  const channels = CHANNELS[samples.mode];
  if (samples.data.length !== pixels * channels) {
    throw new PreprocessError(
      "invalid-argument",
      `${width}x${height} in mode ${samples.mode} has ${pixels * channels} samples, ` +
        `but data has ${samples.data.length}`,
    );
  }
  if (samples.mode === "RGB") return { width, height, data: samples.data };
  const data = new Uint8Array(pixels * 3);
  if (samples.mode === "CMYK") fromCmyk(samples.data, data);
  else if (samples.mode === "P") fromPalette(samples.data, data, samples.palette);
  else if (samples.mode === "RGBA") dropAlpha(samples.data, data);
  else fromGray(samples.data, data, { channels, mode: samples.mode });
  return { width, height, data };
}

function fromGray(
  source: Uint8Array | Uint16Array,
  target: Uint8Array,
  layout: { readonly channels: number; readonly mode: "1" | "L" | "LA" | "I;16" },
): void {
  const { channels, mode } = layout;
  const bilevel = mode === "1";
  for (let i = 0, o = 0; i < source.length; i += channels, o += 3) {
    const sample = source[i]!;
    const gray = sample > 255 || (bilevel && sample !== 0) ? 255 : sample;
    target[o] = gray;
    target[o + 1] = gray;
    target[o + 2] = gray;
  }
}

function dropAlpha(source: Uint8Array, target: Uint8Array): void {
  for (let i = 0, o = 0; i < source.length; i += 4, o += 3) {
    target[o] = source[i]!;
    target[o + 1] = source[i + 1]!;
    target[o + 2] = source[i + 2]!;
  }
}

function fromPalette(source: Uint8Array, target: Uint8Array, palette: Uint8Array): void {
  const entries = new Uint8Array(256 * 3);
  entries.set(palette.subarray(0, entries.length));
  for (let i = 0, o = 0; i < source.length; i++, o += 3) {
    const entry = source[i]! * 3;
    target[o] = entries[entry]!;
    target[o + 1] = entries[entry + 1]!;
    target[o + 2] = entries[entry + 2]!;
  }
}

/** `light − round(ink * light / 255)` with `light = 255 − black`; never below zero. */
function fromCmyk(source: Uint8Array, target: Uint8Array): void {
  for (let i = 0, o = 0; i < source.length; i += 4, o += 3) {
    const light = 255 - source[i + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const product = source[i + channel]! * light + 128;
      target[o + channel] = light - (((product >> 8) + product) >> 8);
    }
  }
}

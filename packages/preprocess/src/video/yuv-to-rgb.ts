// YUV samples to RGB bytes with the arithmetic of FFmpeg's swscale for pictures that keep their size, the path that
// decord and the ffmpeg program take: 16-bit fixed point, products cut to their upper 16 bits, chroma repeated and
// not interpolated. For 8-bit 4:2:0 and 4:2:2 with an even height the bytes equal those of FFmpeg's x86 code (tested). Where
// the height is odd, at 4:4:4 and above 8 bits FFmpeg interpolates or rounds otherwise.
// Matrix coefficients: ITU-R BT.601, BT.709 and BT.2020 in 16.16 fixed point.

import type { RgbImage } from "../image.ts";

/** Which YUV it is. */
export interface YuvColor {
  readonly matrix: "bt601" | "bt709" | "bt2020";
  /** Luma from 0 to 255 instead of 16 to 235. */
  readonly fullRange: boolean;
}

/** 8-bit samples of a frame. The sample of column x and row y of a plane is `data[offset + y * stride + x * step]`. */
export interface YuvPlane {
  readonly data: Uint8Array;
  readonly offset: number;
  readonly stride: number;
  /** 1, or 2 where U and V alternate. */
  readonly step: number;
  /** Samples in a row. */
  readonly width: number;
}

/** A frame in planes. */
export interface YuvFrame {
  readonly width: number;
  readonly height: number;
  readonly y: YuvPlane;
  readonly u: YuvPlane;
  readonly v: YuvPlane;
  /** How many times the chroma is halved in each direction: 1 and 1 for 4:2:0. */
  readonly shift: { readonly x: number; readonly y: number };
}

// [red of V, blue of U, green of U, green of V], times 2^16, for luma from 16 to 235.
const COEFFICIENTS = {
  bt601: [104_597, 132_201, 25_675, 53_279],
  bt709: [117_489, 138_438, 13_975, 34_925],
  bt2020: [110_013, 140_363, 12_277, 42_626],
} as const;

/** The frame as RGB, in new bytes. */
export function yuvToRgb(frame: YuvFrame, color: YuvColor): RgbImage {
  const { width, height, y: luma, u, v, shift } = frame;
  const { light, red, blue, greenU, greenV } = tables(color);
  const data = new Uint8Array(width * height * 3);
  // Cuts to 0…255 when written to.
  const clamped = new Uint8ClampedArray(data.buffer);
  const lastChroma = u.width - 1;
  let o = 0;
  for (let row = 0; row < height; row++) {
    const lumaRow = luma.offset + row * luma.stride;
    const uRow = u.offset + (row >> shift.y) * u.stride;
    const vRow = v.offset + (row >> shift.y) * v.stride;
    for (let column = 0; column < width; column++, o += 3) {
      let chroma = column >> shift.x;
      // mediabunny cuts the last chroma column of an odd width off; its neighbour stands in.
      if (chroma > lastChroma) chroma = lastChroma;
      const sampleU = u.data[uRow + chroma * u.step]!;
      const sampleV = v.data[vRow + chroma * v.step]!;
      const base = light[luma.data[lumaRow + column * luma.step]!]!;
      clamped[o] = base + red[sampleV]!;
      clamped[o + 1] = base + greenU[sampleU]! + greenV[sampleV]!;
      clamped[o + 2] = base + blue[sampleU]!;
    }
  }
  return { width, height, data };
}

interface Tables {
  readonly light: Int16Array;
  readonly red: Int16Array;
  readonly blue: Int16Array;
  readonly greenU: Int16Array;
  readonly greenV: Int16Array;
}

/** What every sample adds to every channel. */
function tables(color: YuvColor): Tables {
  const { matrix, fullRange } = color;
  const scale = (value: number): number => (fullRange ? Math.trunc((value * 224) / 255) : value);
  const [red, blue, greenU, greenV] = COEFFICIENTS[matrix];
  const light = fullRange ? 65_536 : Math.trunc((65_536 * 255) / 219);
  const black = fullRange ? 0 : 16;
  return {
    light: products(light, black),
    red: products(scale(red), 128),
    blue: products(scale(blue), 128),
    greenU: products(scale(-greenU), 128),
    greenV: products(scale(-greenV), 128),
  };
}

/** For each sample the upper 16 bits of (sample − zero) · 8 times the coefficient, which is rounded to 13 bits. */
function products(coefficient: number, zero: number): Int16Array {
  const rounded = Math.floor((coefficient * 8192 + 32_768) / 65_536);
  return Int16Array.from({ length: 256 }, (_, sample) => ((sample - zero) * 8 * rounded) >> 16);
}

// A decoded frame of mediabunny or WebCodecs as an upright RGB picture. The samples are converted here, from the matrix and range
// that the file states and BT.601 in limited range where it states none, as FFmpeg does, so that a browser and Node
// give the same bytes: browsers guess BT.709 for unmarked video, and mediabunny tells Chromium so.

import type { RgbImage } from "../image.ts";
import { applyOrientation, type Orientation } from "../orientation.ts";
import { toRgb } from "../to-rgb.ts";
import { yuvToRgb, type YuvColor, type YuvPlane } from "./yuv-to-rgb.ts";

/** The colour that a file states: its matrix by the name of WebCodecs, and whether its range is full. */
export interface StatedColor {
  readonly matrix?: string | null | undefined;
  readonly fullRange?: boolean | null | undefined;
}

/** A decoded frame: what mediabunny's `VideoSample` and, with its visible size, WebCodecs' `VideoFrame` have. */
export interface FrameSamples {
  /** Samples in a row that are copied. */
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** By the names of WebCodecs; null where only the decoder knows. */
  readonly format: string | null;
  /** Degrees clockwise to the upright picture, in quarters. */
  readonly rotation: number;
  /** Mirrored left to right after the turn. */
  readonly flip: boolean;
  allocationSize(): number;
  copyTo(
    target: Uint8Array<ArrayBuffer>,
    options?: { readonly format: "RGBA" },
  ): Promise<readonly { readonly offset: number; readonly stride: number }[]>;
}

/** The frame's picture, in new bytes; the sample stays open. */
export async function frameToRgb(sample: FrameSamples, stated: StatedColor): Promise<RgbImage> {
  const { codedWidth: width, codedHeight: height, format } = sample;
  const layout = format === null ? undefined : YUV_LAYOUTS[format];
  const image =
    layout === undefined
      ? await copyRgba(sample, { width, height })
      : await copyYuv(sample, { layout, color: yuvColor(stated) });
  return applyOrientation(image, uprightOrientation(sample));
}

// Planes and chroma subsampling of the formats that need converting; alpha planes are left out. For NV12 U and V
// alternate in one plane.
interface YuvLayout {
  readonly shiftX: number;
  readonly shiftY: number;
  readonly bits: number;
  readonly interleaved: boolean;
}

const planar = (shiftX: number, shiftY: number, bits: number): YuvLayout => ({
  shiftX,
  shiftY,
  bits,
  interleaved: false,
});

const YUV_LAYOUTS: Readonly<Partial<Record<string, YuvLayout>>> = {
  I420: planar(1, 1, 8),
  I420P10: planar(1, 1, 10),
  I420P12: planar(1, 1, 12),
  I420A: planar(1, 1, 8),
  I420AP10: planar(1, 1, 10),
  I420AP12: planar(1, 1, 12),
  I422: planar(1, 0, 8),
  I422P10: planar(1, 0, 10),
  I422P12: planar(1, 0, 12),
  I422A: planar(1, 0, 8),
  I422AP10: planar(1, 0, 10),
  I422AP12: planar(1, 0, 12),
  I444: planar(0, 0, 8),
  I444P10: planar(0, 0, 10),
  I444P12: planar(0, 0, 12),
  I444A: planar(0, 0, 8),
  I444AP10: planar(0, 0, 10),
  I444AP12: planar(0, 0, 12),
  NV12: { shiftX: 1, shiftY: 1, bits: 8, interleaved: true },
};

/** By the matrix that the file states; FFmpeg takes BT.601 where it states none. */
function yuvColor(stated: StatedColor): YuvColor {
  const fullRange = stated.fullRange === true;
  if (stated.matrix === "bt709") return { matrix: "bt709", fullRange };
  if (stated.matrix === "bt2020-ncl") return { matrix: "bt2020", fullRange };
  return { matrix: "bt601", fullRange };
}

async function copyYuv(
  sample: FrameSamples,
  options: { readonly layout: YuvLayout; readonly color: YuvColor },
): Promise<RgbImage> {
  const { layout, color } = options;
  const { codedWidth: width, codedHeight: height } = sample;
  const bytes = new Uint8Array(sample.allocationSize());
  const planes = await sample.copyTo(bytes);
  const sampleBytes = layout.bits > 8 ? 2 : 1;
  const data = layout.bits > 8 ? toEightBits(bytes, layout.bits) : bytes;
  const plane = (index: number, first = 0): YuvPlane => {
    const { offset, stride } = planes[index]!;
    const step = index > 0 && layout.interleaved ? 2 : 1;
    const samples = stride / sampleBytes;
    return {
      data,
      offset: offset / sampleBytes + first,
      stride: samples,
      step,
      width: Math.floor(samples / step),
    };
  };
  const [u, v] = layout.interleaved ? [plane(1), plane(1, 1)] : [plane(1), plane(2)];
  const shift = { x: layout.shiftX, y: layout.shiftY };
  return yuvToRgb({ width, height, y: plane(0), u, v, shift }, color);
}

/** Little-endian samples of 10 or 12 bits, rounded to 8. */
function toEightBits(bytes: Uint8Array, bits: number): Uint8Array {
  const shift = bits - 8;
  const half = 1 << (shift - 1);
  const samples = new Uint8Array(bytes.length >> 1);
  for (let i = 0; i < samples.length; i++) {
    const value = (bytes[2 * i]! | (bytes[2 * i + 1]! << 8)) + half;
    samples[i] = Math.min(255, value >> shift);
  }
  return samples;
}

/** Frames that are RGB already, or whose samples only the decoder can convert. */
async function copyRgba(
  sample: FrameSamples,
  size: { readonly width: number; readonly height: number },
): Promise<RgbImage> {
  const data = new Uint8Array(size.width * size.height * 4);
  await sample.copyTo(data, { format: "RGBA" });
  return toRgb({ mode: "RGBA", data }, size);
}

// By the clockwise turn in quarters, without and with a mirroring left to right after it.
const TURNED: readonly Orientation[] = [1, 6, 3, 8];
const TURNED_AND_MIRRORED: readonly Orientation[] = [2, 5, 4, 7];

function uprightOrientation(sample: FrameSamples): Orientation {
  return (sample.flip ? TURNED_AND_MIRRORED : TURNED)[sample.rotation / 90]!;
}

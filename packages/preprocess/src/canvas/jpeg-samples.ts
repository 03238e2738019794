// A JPEG's samples as colours, with the arithmetic of libjpeg-turbo, which Pillow and sharp decode with: chroma is
// enlarged with a triangle filter ("fancy upsampling", jdsample.c), colours are of JFIF's matrix in 16-bit fixed point
// (jdcolor.c). All in integers. There are two implementations with equal results, one in plain JavaScript and one in
// WebAssembly SIMD.

import type { RgbImage } from "../image.ts";
import { type Kernels, sharedKernels } from "../kernels/load-kernels.ts";

/** One plane of samples: `stride` bytes a row, the first sample at `offset`. */
export interface SamplePlane {
  readonly offset: number;
  readonly stride: number;
}

/** Samples as WebCodecs lays them out. */
export interface JpegSamples {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** Luma, blue difference, red difference. */
  readonly planes: readonly [SamplePlane, SamplePlane, SamplePlane];
  /** Whether chroma has half of the columns, rounded up. */
  readonly halfWidth: boolean;
  /** Whether it has half of the rows too; only with `halfWidth`. */
  readonly halfHeight: boolean;
}

/** Where a row of chroma is made from: 3 parts of the row at `near`, 1 of the row at `beside`. */
interface ChromaRows {
  readonly near: number;
  readonly beside: number;
}

/** Chroma no wider than this is repeated, not filtered. */
const MAX_REPEATED = 2;

/** How sums of 16 parts are rounded, at even and odd columns. One row alone counts four times. */
const ROUNDING = { oneRow: [4, 8], twoRows: [8, 7] } as const;

/** The picture, by the faster of the versions that run here. */
export function jpegColors(samples: JpegSamples): RgbImage {
  const kernels = sharedKernels();
  return kernels === undefined ? scalarJpegColors(samples) : simdJpegColors(samples, kernels);
}

function chromaRows(
  { height, halfHeight }: JpegSamples,
  { row, plane }: { readonly row: number; readonly plane: SamplePlane },
): ChromaRows {
  const { offset, stride } = plane;
  if (!halfHeight) return { near: offset + row * stride, beside: offset + row * stride };
  const near = row >> 1;
  // An even row lies nearer to the chroma row before its own than to the next; edges repeat.
  const last = ((height + 1) >> 1) - 1;
  const beside = Math.min(last, Math.max(0, near + ((row & 1) === 0 ? -1 : 1)));
  return { near: offset + near * stride, beside: offset + beside * stride };
}

const HALF = 1 << 15;

/** The version that runs wherever JavaScript does. */
export function scalarJpegColors(samples: JpegSamples): RgbImage {
  const { width, height, data, planes } = samples;
  const [luma, blue, red] = planes;
  const target = new Uint8ClampedArray(width * height * 3);
  const blueRow = new Uint8Array(width + 1);
  const redRow = new Uint8Array(width + 1);
  for (let row = 0; row < height; row++) {
    enlargeRow(samples, { ...chromaRows(samples, { row, plane: blue }), target: blueRow });
    enlargeRow(samples, { ...chromaRows(samples, { row, plane: red }), target: redRow });
    const y = luma.offset + row * luma.stride;
    for (let x = 0, o = row * width * 3; x < width; x++, o += 3) {
      const light = data[y + x]!;
      const cb = blueRow[x]! - 128;
      const cr = redRow[x]! - 128;
      // 1.402, 0.34414, 0.71414 and 1.772 times 2^16.
      target[o] = light + ((91_881 * cr + HALF) >> 16);
      target[o + 1] = light + ((HALF - 22_554 * cb - 46_802 * cr) >> 16);
      target[o + 2] = light + ((116_130 * cb + HALF) >> 16);
    }
  }
  return { width, height, data: new Uint8Array(target.buffer) };
}

/** One row of chroma at full width. `target` is one longer: chroma may end half a pixel later. */
function enlargeRow(
  { width, data, halfWidth, halfHeight }: JpegSamples,
  { near, beside, target }: ChromaRows & { readonly target: Uint8Array },
): void {
  if (!halfWidth) {
    target.set(data.subarray(near, near + width));
    return;
  }
  const columns = (width + 1) >> 1;
  if (columns <= MAX_REPEATED) {
    for (let x = 0; x < width; x++) target[x] = data[near + (x >> 1)]!;
    return;
  }
  const [left, right] = halfHeight ? ROUNDING.twoRows : ROUNDING.oneRow;
  let before = 3 * data[near]! + data[beside]!;
  let own = before;
  for (let x = 0; x < columns; x++) {
    const next = Math.min(x + 1, columns - 1);
    const after = 3 * data[near + next]! + data[beside + next]!;
    target[2 * x] = (3 * own + before + left) >> 4;
    target[2 * x + 1] = (3 * own + after + right) >> 4;
    before = own;
    own = after;
  }
}

/** Bytes of the kernels' memory for a row of samples: the widest JPEG and what a vector reads past its end. */
const ROW = (1 << 16) + 64;

/** The version in WebAssembly SIMD, row by row through its memory. */
export function simdJpegColors(samples: JpegSamples, kernels: Kernels): RgbImage {
  const { width, height, data, planes, halfWidth, halfHeight } = samples;
  const { memory } = kernels;
  const columns = (width + 1) >> 1;
  // What is narrower than the filter is for the other version; so is what is wider than a JPEG can be.
  if (width >= 1 << 16 || (halfWidth && columns <= MAX_REPEATED)) return scalarJpegColors(samples);
  const [luma, blue, red] = planes;
  const [lumaRow, blueRow, redRow, near, beside, sums] = [0, 1, 2, 3, 4, 5].map(
    (row) => row * ROW,
  ) as [number, number, number, number, number, number];
  const colorRow = 7 * ROW + 64;
  const [left, right] = halfHeight ? ROUNDING.twoRows : ROUNDING.oneRow;
  const target = new Uint8Array(width * height * 3);
  const copy = (from: number, length: number, to: number): void =>
    memory.set(data.subarray(from, from + length), to);
  const enlarge = (row: number, plane: SamplePlane, to: number): void => {
    const rows = chromaRows(samples, { row, plane });
    if (!halfWidth) return copy(rows.near, width, to);
    copy(rows.near, columns, near);
    copy(rows.beside, columns, beside);
    kernels.enlarge(near, beside, columns, sums + 16, to, left, right);
  };
  for (let row = 0; row < height; row++) {
    copy(luma.offset + row * luma.stride, width, lumaRow);
    enlarge(row, blue, blueRow);
    enlarge(row, red, redRow);
    kernels.colors(lumaRow, blueRow, redRow, width, colorRow);
    target.set(memory.subarray(colorRow, colorRow + width * 3), row * width * 3);
  }
  return { width, height, data: target };
}

// The resampling filters of Pillow 12.3 (src/libImaging/Resample.c), evaluated in float64 exactly in its order of
// operations: the weights are rounded to 22 bits later, and another order could round the other way.

/** A resampling filter by the name that Pillow's `Resampling` gives it, in lower case. */
export type ResizeFilter = "nearest" | "lanczos" | "bilinear" | "bicubic" | "box" | "hamming";

/** Pillow's numbers for the filters, which `preprocessor_config.json` stores as `resample`. */
export const PILLOW_FILTERS: readonly ResizeFilter[] = [
  "nearest",
  "lanczos",
  "bilinear",
  "bicubic",
  "box",
  "hamming",
];

/** A filter that averages: every one but `nearest`, which picks. */
export interface Kernel {
  /** Half the filter's width in source pixels when enlarging. */
  readonly support: number;
  /** The filter's value at a distance in units of its own width. */
  readonly weight: (x: number) => number;
}

/** The averaging filters. */
export const KERNELS: Readonly<Record<Exclude<ResizeFilter, "nearest">, Kernel>> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: bilinear },
  hamming: { support: 1, weight: hamming },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function bilinear(x: number): number {
  const distance = Math.abs(x);
  return distance < 1 ? 1 - distance : 0;
}

// Pillow writes these two as float literals and everything around them as double.
const HAMMING_OFFSET = Math.fround(0.54);
const HAMMING_SCALE = Math.fround(0.46);

function hamming(x: number): number {
  const distance = Math.abs(x);
  if (distance === 0) return 1;
  if (distance >= 1) return 0;
  const angle = distance * Math.PI;
  return (Math.sin(angle) / angle) * (HAMMING_OFFSET + HAMMING_SCALE * Math.cos(angle));
}

function bicubic(x: number): number {
  const a = -0.5;
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}

function sinc(x: number): number {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}

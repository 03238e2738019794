// Which source pixels make one output pixel, and with which weight: Pillow's `precompute_coeffs` in float64,
// followed by its rounding to 22-bit fixed point (32 bits less 8 for the sample and 2 for overshoot). Taps are
// computed for a window of the output only, so that a crop never pays for the pixels that it drops.

import type { Kernel } from "./filters.ts";

/** Fractional bits of a weight. */
export const WEIGHT_BITS = 22;

/** Half a unit in the last place of the result: where each accumulator starts. */
export const ROUNDING: number = 1 << (WEIGHT_BITS - 1);

/** The taps of `outputs` neighbouring output pixels along one axis. */
export interface TapTable {
  readonly outputs: number;
  /** Room for weights per output, a multiple of four; those past `counts` are zero. */
  readonly stride: number;
  /** First source pixel of each output. */
  readonly starts: Int32Array;
  /** Source pixels that each output reads. */
  readonly counts: Int32Array;
  /** `[outputs, stride]` fixed-point weights. */
  readonly weights: Int32Array;
}

/** One axis of a resize. */
export interface TapRequest {
  readonly inputSize: number;
  readonly outputSize: number;
  /** The window of outputs wanted: `[first, first + outputs)`. */
  readonly first: number;
  readonly outputs: number;
}

/** The taps of one axis. When shrinking, the filter is widened by the scale, so that every source pixel counts. */
export function buildTaps(kernel: Kernel, request: TapRequest): TapTable {
  const { inputSize, outputSize, first, outputs } = request;
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = kernel.support * filterScale;
  const starts = new Int32Array(outputs);
  const counts = new Int32Array(outputs);
  let most = 0;
  for (let i = 0; i < outputs; i++) {
    const center = (first + i + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const count = Math.min(Math.trunc(center + support + 0.5), inputSize) - start;
    starts[i] = start;
    counts[i] = count;
    most = Math.max(most, count);
  }
  // Every tap of room is a tap of work in the horizontal pass, so there is no more than the window needs.
  const stride = (most + 3) & ~3;
  const weights = new Int32Array(outputs * stride);
  const raw = new Float64Array(stride);
  const inverse = 1 / filterScale;
  for (let i = 0; i < outputs; i++) {
    const center = (first + i + 0.5) * scale;
    const start = starts[i]!;
    const count = counts[i]!;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const weight = kernel.weight((k + start - center + 0.5) * inverse);
      raw[k] = weight;
      sum += weight;
    }
    for (let k = 0; k < count; k++) {
      const normalized = sum === 0 ? raw[k]! : raw[k]! / sum;
      const scaled = normalized * (1 << WEIGHT_BITS);
      weights[i * stride + k] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
  }
  return { outputs, stride, starts, counts, weights };
}

/** Puts the outputs into the opposite order, in place: a mirrored result. */
export function reverseTaps({ outputs, stride, starts, counts, weights }: TapTable): void {
  starts.reverse();
  counts.reverse();
  // The weights of one output keep their order.
  const forward = weights.slice();
  for (let i = 0; i < outputs; i++) {
    const own = forward.subarray(i * stride, (i + 1) * stride);
    weights.set(own, (outputs - 1 - i) * stride);
  }
}

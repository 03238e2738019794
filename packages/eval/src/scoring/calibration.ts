// How far confidence can be trusted: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.

import type { Calibration } from "./score.ts";

/** Counts by confidence. */
export interface Calibrator {
  /** An answer of a confidence in [0, 1]. */
  add(confidence: number, options: { readonly right: boolean }): void;
  calibration(): Calibration;
}

/** An empty calibration of `bins` bins of equal width. */
export function createCalibrator(bins: number): Calibrator {
  const pictures = new Float64Array(bins);
  const correct = new Float64Array(bins);
  const sums = new Float64Array(bins);
  return {
    add(confidence, { right }) {
      // Bin i is (i / n, (i + 1) / n]; 0 itself belongs to the first.
      const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
      pictures[bin]! += 1;
      sums[bin]! += confidence;
      if (right) correct[bin]! += 1;
    },
    calibration() {
      let [total, distance] = [0, 0];
      for (let bin = 0; bin < bins; bin += 1) {
        total += pictures[bin]!;
        distance += Math.abs(correct[bin]! - sums[bin]!);
      }
      return {
        expectedError: total === 0 ? null : distance / total,
        bins: Array.from(pictures, (count, bin) => ({
          pictures: count,
          correct: correct[bin]!,
          // Rounding in a long sum must not leave the range of a probability.
          confidence: count === 0 ? null : Math.min(1, sums[bin]! / count),
        })),
      };
    },
  };
}

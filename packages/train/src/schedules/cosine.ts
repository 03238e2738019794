// timm's CosineLRScheduler per update, without restarts. The warm-up is linear and does not shift the cosine: after it
// the rate continues where the cosine is by then, a little lower than the peak.

import type { Schedule } from "./schedule.ts";

/** Options of `cosineSchedule`. */
export interface CosineOptions {
  readonly peak: number;
  /** Updates until the minimum. */
  readonly total: number;
  /** Updates of the warm-up. Default: 0. */
  readonly warmup?: number;
  /** The rate that the warm-up starts with. Default: 0. */
  readonly warmupStart?: number;
  /** The rate at the end and after it. Default: 0. */
  readonly minimum?: number;
}

/** Half a cosine from the peak to the minimum. */
export function cosineSchedule(options: CosineOptions): Schedule {
  const { peak, total, warmup = 0, warmupStart = 0, minimum = 0 } = options;
  return (step) => {
    if (step < warmup) return warmupStart + (step * (peak - warmupStart)) / warmup;
    if (step >= total) return minimum;
    return minimum + 0.5 * (peak - minimum) * (1 + Math.cos((Math.PI * step) / total));
  };
}

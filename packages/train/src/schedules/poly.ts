// mmcv's PolyLrUpdaterHook by iteration with linear warm-up: during the warm-up, the rate that the iteration would have
// anyway is made smaller by a factor that grows linearly to 1.

import type { Schedule } from "./schedule.ts";

/** Options of `polySchedule`. */
export interface PolyOptions {
  readonly peak: number;
  /** Updates until the minimum. */
  readonly total: number;
  /** Default: 1, a straight line. */
  readonly power?: number;
  /** Default: 0. */
  readonly minimum?: number;
  /** Updates of the warm-up. Default: 0. */
  readonly warmup?: number;
  /** The factor that the warm-up starts with. Default: 1e-6. */
  readonly warmupRatio?: number;
}

/** (1 − step / total) to a power. */
export function polySchedule(options: PolyOptions): Schedule {
  const { peak, total, power = 1, minimum = 0, warmup = 0, warmupRatio = 1e-6 } = options;
  return (step) => {
    const regular = (peak - minimum) * Math.max(1 - step / total, 0) ** power + minimum;
    return step < warmup ? regular * (1 - (1 - step / warmup) * (1 - warmupRatio)) : regular;
  };
}

// What a resize is made of: a horizontal pass and then a vertical pass over bytes, either of which may be left out.
// There are two implementations with equal results, one in plain JavaScript and one in WebAssembly SIMD.

import type { TapTable } from "./taps.ts";

/** The passes over a picture of three interleaved channels. */
export interface ResampleJob {
  /** The source pixels; row `y` starts at byte `y * sourceStride`. */
  readonly source: Uint8Array;
  /** Bytes from one source row to the next. */
  readonly sourceStride: number;
  /** Source rows. */
  readonly rows: number;
  /** Bytes of a row of the result, three for each pixel. */
  readonly rowBytes: number;
  /** Taps along x, one output for each pixel of `rowBytes`; undefined: the first `rowBytes` of a row as they are. */
  readonly columns: TapTable | undefined;
  /** Taps along y, over all `rows`; undefined: every row as it is. */
  readonly lines: TapTable | undefined;
  /** Where the result goes, rows without a gap. */
  readonly target: Uint8Array;
}

/** Runs both passes. Does not check its argument: `resizeWindow` has. */
export type Resample = (job: ResampleJob) => void;

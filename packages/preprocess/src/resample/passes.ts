// What a resize is made of: a horizontal pass and a vertical pass over bytes. There are two implementations with
// equal results, one in plain JavaScript and one in WebAssembly SIMD.

import type { TapTable } from "./taps.ts";

/** One pass over a picture of three interleaved channels. */
export interface PassJob {
  /** The source pixels; row `y` starts at byte `y * sourceStride`. */
  readonly source: Uint8Array;
  /** Bytes from one source row to the next. */
  readonly sourceStride: number;
  /** Source rows. */
  readonly rows: number;
  /** Where the result goes, rows without a gap: `[rows, outputs, 3]`, or `[outputs, sourceStride]` for vertical. */
  readonly target: Uint8Array;
  readonly taps: TapTable;
}

/** The two passes. Neither checks its arguments: `resizeWindow` has. */
export interface Passes {
  /** Resamples every row along x. */
  horizontal(job: PassJob): void;
  /** Resamples every column along y; a row is taken as `sourceStride` independent bytes. */
  vertical(job: PassJob): void;
}

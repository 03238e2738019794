// Features as rows that are read a block at a time, from memory or from files: a search holds blocks, never all of them.

import { EvalError } from "../errors.ts";

/** A matrix of features, read by rows. */
export interface FeatureRows {
  /** Rows: pictures. */
  readonly length: number;
  /** Columns. */
  readonly width: number;
  /** Rows from `start` to `end`, exclusive, as [end − start, width]. They belong to the caller. */
  read(start: number, end: number, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>>;
}

/**
 * Rows of a matrix in memory, which stays the caller's.
 *
 * @throws EvalError `invalid-argument` when it is not made of whole rows
 */
export function rowsInMemory(
  data: Float32Array,
  { width }: { readonly width: number },
): FeatureRows {
  const length = data.length / width;
  if (!Number.isInteger(length)) {
    throw new EvalError(
      "invalid-argument",
      `features: expected rows of ${width} values, found ${data.length} values`,
    );
  }
  return {
    length,
    width,
    read: async (start, end) => data.slice(start * width, end * width),
  };
}

// sharp keeps its threads and its cache for the whole process. A library must not decide that for its host at
// import time, so whoever owns the process calls this once: a program, or the start of a worker.

import sharp from "sharp";

/**
 * Sets sharp up for a pool of decoders: one picture a thread, nothing kept between pictures. Applies to the whole
 * process. Without it sharp's defaults stay: pixels are the same, threads and memory multiply with the pool.
 */
export function configureSharp(
  options: {
    /** libvips threads per picture. Default 1. */
    readonly threads?: number;
  } = {},
): void {
  const { threads = 1 } = options;
  sharp.concurrency(threads);
  sharp.cache(false);
}

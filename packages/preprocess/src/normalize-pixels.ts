// Bytes to floats by table: `[pixels, 3]` to `[3, pixels]`. There are two implementations with equal results, one in
// plain JavaScript and one in WebAssembly SIMD.

import { sharedKernels, type Kernels } from "./kernels/load-kernels.ts";

/** One picture to normalise. */
export interface NormalizeJob {
  /** `[pixels, 3]` samples. */
  readonly source: Uint8Array;
  /** `[3, pixels]` floats. */
  readonly target: Float32Array;
  /** `[3, 256]`: the float of every sample of every channel. */
  readonly tables: Float32Array;
}

/** Fills `target`. Does not check its argument: `toPixelValues` has. */
export type Normalize = (job: NormalizeJob) => void;

/** The version that runs wherever JavaScript does. */
export const scalarNormalize: Normalize = ({ source, target, tables }) => {
  const plane = target.length / 3;
  for (let o = 0, p = 0; o < plane; o++, p += 3) {
    target[o] = tables[source[p]!]!;
    target[o + plane] = tables[256 + source[p + 1]!]!;
    target[o + 2 * plane] = tables[512 + source[p + 2]!]!;
  }
};

// Pixels per block: its bytes and floats stay in the second-level cache.
const BLOCK = 16 * 1024;
const TABLE_BYTES = 3 * 256 * 4;
const PLANE_BYTES = BLOCK * 4;

/** The WebAssembly SIMD version, block by block through its memory. */
export function createSimdNormalize(kernels: Kernels): Normalize {
  const { memory } = kernels;
  const source = TABLE_BYTES;
  const target = source + BLOCK * 3;
  const tables = new Float32Array(memory.buffer, 0, 3 * 256);
  const floats = [0, 1, 2].map(
    (channel) => new Float32Array(memory.buffer, target + channel * PLANE_BYTES, BLOCK),
  );
  return (job) => {
    tables.set(job.tables);
    const plane = job.target.length / 3;
    for (let first = 0; first < plane; first += BLOCK) {
      const count = Math.min(BLOCK, plane - first);
      memory.set(job.source.subarray(first * 3, (first + count) * 3), source);
      kernels.normalize(source, count, target, PLANE_BYTES, 0);
      for (const [channel, made] of floats.entries()) {
        job.target.set(count === BLOCK ? made : made.subarray(0, count), channel * plane + first);
      }
    }
  };
}

// Made once, on the first picture.
let shared: Normalize | undefined;

/** The faster of the versions that run here. */
export function sharedNormalize(): Normalize {
  const kernels = sharedKernels();
  shared ??= kernels === undefined ? scalarNormalize : createSimdNormalize(kernels);
  return shared;
}

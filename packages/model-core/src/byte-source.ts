// Random access to bytes that may be far larger than memory: a file, a Blob, an HTTP resource with ranges, bytes
// in memory. Every reader of weights goes through this interface, so the core never knows where they are.

import { ModelError } from "./errors.ts";

/** Bytes that can be read in any order. Implementations never return fewer bytes than asked for: they throw. */
export interface ByteSource {
  /** Total size in bytes. */
  readonly byteLength: number;
  /**
   * What tells these bytes from any others: `sha256:` and the hash of the content, or an address with what its server
   * calls this version (an ETag). Equal versions are equal bytes. Missing where nothing is known.
   */
  readonly version?: string;
  /**
   * The bytes `[start, end)`. The caller owns the result; it may be a view of memory that the source keeps, so it
   * must not be written to.
   */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/**
 * A `ByteSource` over bytes in memory; reads are views, not copies.
 *
 * @throws ModelError `invalid-argument` from `read` when the range leaves the bytes.
 */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    byteLength: bytes.byteLength,
    async read(start, end, signal) {
      signal?.throwIfAborted();
      if (!(start >= 0 && start <= end && end <= bytes.byteLength)) {
        throw new ModelError(
          "invalid-argument",
          `bytes [${start}, ${end}) were asked for, but there are ${bytes.byteLength}`,
        );
      }
      return bytes.subarray(start, end);
    },
  };
}

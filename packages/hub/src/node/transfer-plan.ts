// What a download writes where. The target is one file; its bytes are a prefix that is known already and ranges of
// files on the hub. A piece is one range request; its segments say where its bytes go, and bytes between them are
// dropped. A whole file is the simple case: pieces of one size, each with one segment at its own place.

import { createHash } from "node:crypto";

import type { RemoteFile } from "../http-range.ts";

/** Bytes of a source that lie together in the target. */
export interface Segment {
  /** First byte in the source. */
  readonly start: number;
  /** First byte in the target. */
  readonly target: number;
  readonly byteLength: number;
}

/** One range request. */
export interface Piece {
  /** Index into `TransferPlan.sources`. */
  readonly source: number;
  /** The range `[start, end)` of the source. */
  readonly start: number;
  readonly end: number;
  /** In the order of the source. */
  readonly segments: readonly Segment[];
}

/** Everything that is needed to write the target. */
export interface TransferPlan {
  /** Size of the target in bytes. */
  readonly size: number;
  /** The first bytes of the target. */
  readonly prefix: Uint8Array;
  readonly sources: readonly RemoteFile[];
  readonly pieces: readonly Piece[];
}

/**
 * Ranges that are closer than this in the source are fetched as one: a request of its own costs more than these
 * bytes.
 */
const MAX_GAP = 2 ** 16;

/** The plan for a whole file in pieces of `chunkBytes`. */
export function planWholeFile(
  file: RemoteFile,
  { chunkBytes }: { readonly chunkBytes: number },
): TransferPlan {
  const pieces: Piece[] = [];
  for (let start = 0; start < file.size; start += chunkBytes) {
    const end = Math.min(start + chunkBytes, file.size);
    const segments = [{ start, target: start, byteLength: end - start }];
    pieces.push({ source: 0, start, end, segments });
  }
  return { size: file.size, prefix: new Uint8Array(0), sources: [file], pieces };
}

/** The pieces of at most `chunkBytes` that fetch segments of one source. */
export function planSegments(
  segments: readonly Segment[],
  { source, chunkBytes }: { readonly source: number; readonly chunkBytes: number },
): readonly Piece[] {
  const pieces: Piece[] = [];
  let current: { start: number; end: number; segments: Segment[] } | undefined;
  for (const segment of [...segments].sort((a, b) => a.start - b.start)) {
    for (let done = 0; done < segment.byteLength;) {
      const start = segment.start + done;
      if (
        current === undefined ||
        start > current.end + MAX_GAP ||
        start >= current.start + chunkBytes
      ) {
        current = { start, end: start, segments: [] };
        pieces.push({ source, ...current });
      }
      const byteLength = Math.min(segment.byteLength - done, current.start + chunkBytes - start);
      current.segments.push({ start, target: segment.target + done, byteLength });
      current.end = start + byteLength;
      pieces[pieces.length - 1] = { source, ...current };
      done += byteLength;
    }
  }
  return pieces;
}

/**
 * For each piece, and after the last, how many bytes from the start of the target are there when all pieces before
 * it are done.
 */
export function fronts({ pieces, size }: TransferPlan): readonly number[] {
  const result = [size];
  let lowest = size;
  for (const { segments } of pieces.toReversed()) {
    for (const { target } of segments) lowest = Math.min(lowest, target);
    result.push(lowest);
  }
  return result.toReversed();
}

/** Tells plans apart: a partial file may be continued only by the plan that began it. */
export function fingerprint(plan: TransferPlan): string {
  const hash = createHash("sha256");
  hash.update(plan.prefix);
  const sources = plan.sources.map(({ name, size }) => [name, size]);
  const pieces = plan.pieces.map(({ source, start, end, segments }) => [
    source,
    start,
    end,
    segments.map(({ start, target, byteLength }) => [start, target, byteLength]),
  ]);
  return hash.update(JSON.stringify([plan.size, sources, pieces])).digest("hex");
}

// The hash of a file whose pieces arrive in any order: it follows the front, the end of the part that is complete
// from the start, and reads that part back from the file. On resume the front is already somewhere, and what was
// written by an earlier process goes through the hash again like everything else.

import { createHash, type Hash } from "node:crypto";

import type { HubFile } from "../revision.ts";
import { fronts, type TransferPlan } from "./transfer-plan.ts";

/** A hash function with what it hashes before the bytes. */
export function createFileHash(file: Pick<HubFile, "size" | "gitSha1">): Hash {
  return file.gitSha1 === undefined
    ? createHash("sha256")
    : createHash("sha1").update(`blob ${file.size}\0`);
}

/** Options of `createFrontHash`. */
export interface FrontHashOptions {
  readonly hash: Hash;
  /** Fills the buffer from a place in the target. */
  readonly read: (buffer: Uint8Array, position: number) => Promise<void>;
  /** Pieces that are there already. */
  readonly finished: Iterable<number>;
  /** Sees the bytes as they are hashed, in order. */
  readonly onBlock?: ((bytes: Uint8Array, position: number) => void) | undefined;
  readonly signal: AbortSignal;
}

/** A hash under way. */
export interface FrontHash {
  /** To be told of every further piece that is in the file. */
  noteFinished(piece: number): void;
  /** In hex, when every piece is there and was hashed. Rejects when reading failed. */
  digest(): Promise<string>;
  /** Resolves when nothing reads any more. */
  settled(): Promise<void>;
}

const BLOCK_BYTES = 2 ** 20;

/** Begins to hash what is there. */
export function createFrontHash(plan: TransferPlan, options: FrontHashOptions): FrontHash {
  const { hash, read, onBlock, signal } = options;
  const ends = fronts(plan);
  const finished = new Set(options.finished);
  const buffer = new Uint8Array(Math.min(BLOCK_BYTES, plan.size));
  let next = 0;
  let hashed = 0;

  const front = (): number => {
    while (finished.has(next)) next++;
    return ends[next] ?? plan.size;
  };
  const follow = async (): Promise<void> => {
    while (hashed < front()) {
      signal.throwIfAborted();
      const block = buffer.subarray(0, Math.min(BLOCK_BYTES, front() - hashed));
      await read(block, hashed);
      hash.update(block);
      onBlock?.(block, hashed);
      hashed += block.byteLength;
    }
  };
  let work = follow();
  const settled = async (): Promise<void> => void (await work.catch(() => undefined));
  // The error is reported by `digest`; until then it must not count as unhandled.
  void settled();
  return {
    noteFinished(piece) {
      finished.add(piece);
      work = work.then(follow);
      void settled();
    },
    async digest() {
      await work;
      return hash.digest("hex");
    },
    settled,
  };
}

// Makes one file of a plan under its final name: lock, partial file, transfer, check, rename. Nothing has the final
// name before its hash was checked.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Hash } from "node:crypto";

import type { HubConnection } from "../connection.ts";
import { isHubError } from "../errors.ts";
import { checkFreeSpace, makeFolder } from "./disk.ts";
import { withLock } from "./lock.ts";
import { openPartialFile, type PartialPaths } from "./partial-file.ts";
import type { ModelProgress } from "./progress.ts";
import { runTransfer, type Transferred } from "./transfer.ts";
import type { TransferPlan } from "./transfer-plan.ts";

/** What all files of one download share. */
export interface DownloadContext {
  /** The repository's folder in the cache. */
  readonly folder: string;
  readonly repository: string;
  readonly commit: string;
  readonly connection: HubConnection;
  readonly connections: number;
  readonly chunkBytes: number;
  readonly symlinks: boolean;
  readonly progress: ModelProgress;
  /** Counts what came over the network. */
  readonly traffic: { bytes: number };
  readonly signal: AbortSignal | undefined;
}

/** A file that is to be made. */
export interface Target {
  /** Of the partial file and its lock. */
  readonly key: string;
  /** For progress. */
  readonly name: string;
  readonly path: string;
  readonly plan: TransferPlan;
  readonly hash: Hash;
  readonly onBlock?: (bytes: Uint8Array, position: number) => void;
  /** Throws when the finished bytes are not what they must be; they are removed then. */
  readonly check: (transferred: Transferred) => void;
}

/** Where the partial file of a key is. */
export function partialPaths(
  folder: string,
  key: string,
): PartialPaths & { readonly lock: string } {
  const base = join(folder, ".internvit", "partial", key);
  return { part: `${base}.part`, journal: `${base}.journal`, lock: `${base}.lock` };
}

/**
 * Runs an action as the only process that makes the file of this key; `find` is asked again when the lock is held,
 * because another process may have made it meanwhile.
 */
export async function asOwner<T>(
  { key, name, total }: { readonly key: string; readonly name: string; readonly total: number },
  context: DownloadContext,
  actions: {
    readonly find: () => Promise<T | undefined>;
    readonly make: (signal: AbortSignal) => Promise<T>;
  },
): Promise<T> {
  const { lock } = partialPaths(context.folder, key);
  await makeFolder(join(context.folder, ".internvit", "partial"));
  const waiting = context.progress.start(name, total);
  return withLock(
    lock,
    { signal: context.signal, onWaiting: () => waiting.wait() },
    async (signal) => {
      const found = await actions.find();
      if (found === undefined) return actions.make(signal);
      waiting.finish();
      return found;
    },
  );
}

/** Makes the file; the caller holds its lock. */
export async function fetchTarget(
  target: Target,
  context: DownloadContext & { readonly signal: AbortSignal },
): Promise<void> {
  const { plan, name, path, check } = target;
  const { connection, connections, signal, traffic } = context;
  const total = plan.pieces.reduce((sum, { start, end }) => sum + end - start, 0);
  const progress = context.progress.start(name, total);
  const partial = await openPartialFile(partialPaths(context.folder, target.key), plan);
  try {
    for (const piece of partial.finished) {
      const { start, end } = plan.pieces[piece]!;
      progress.add(end - start);
    }
    const transferred = await runTransfer(plan, {
      partial,
      connection,
      connections,
      hash: target.hash,
      onBlock: target.onBlock,
      onBytes(count) {
        traffic.bytes += count;
        progress.add(count);
      },
      signal,
    });
    check(transferred);
    await partial.publish(path);
    progress.finish();
  } catch (error) {
    const worthless = isHubError(error) && ["mismatch", "changed"].includes(error.code);
    await (worthless ? partial.discard() : partial.close()).catch(() => undefined);
    throw error;
  }
}

/**
 * Checks that files fit on the disk, counting what is there of them already.
 *
 * @throws HubError `disk-full`.
 */
export async function requireSpace(
  files: readonly { readonly key: string; readonly size: number }[],
  folder: string,
): Promise<void> {
  await makeFolder(folder);
  let needed = 0;
  for (const { key, size } of files) {
    // A partial file has holes where nothing was written yet; blocks count the rest.
    const found = await stat(partialPaths(folder, key).part).catch(() => undefined);
    needed += Math.max(0, size - (found?.blocks ?? 0) * 512);
  }
  await checkFreeSpace(folder, needed);
}

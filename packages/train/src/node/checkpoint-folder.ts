// The checkpoints of one training in a folder. A new one is whole and flushed before it gets its name and before any
// other is removed, so that whatever happens in between (a kill, a full disk, a power failure) leaves the last good one.

import { rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";

import { isTrainError, TrainError } from "../errors.ts";
import { readTrainingCheckpoint, readTrainingPosition } from "../session/checkpoint.ts";
import type { TrainingSession } from "../session/session.ts";
import { type CheckpointFile, checkpointName, parseCheckpointName } from "./checkpoint-name.ts";
import { fileError, namesIn, readWholeFile, unfinishedName, writeWholeFile } from "./whole-file.ts";

/** Options of `saveCheckpointFile`. */
export interface SaveCheckpointOptions {
  /** Of this training alone; made where there is none. */
  readonly folder: string;
  /** How good it is: an accuracy, a loss. Default: not said. */
  readonly score?: number;
  /** The latest files that stay, this one included. Default: 3. */
  readonly keepLast?: number;
  /** The files with the best scores that stay, too. Default: 0. */
  readonly keepBest?: number;
  /** Which scores are better. Default: `higher`. */
  readonly better?: "higher" | "lower";
}

/** What saving did. */
export interface SavedCheckpoint extends CheckpointFile {
  /** Paths of older files that are gone. */
  readonly removed: readonly string[];
  /**
   * New paths of files that had a later update: the training went back behind them. They are kept under names with
   * `.left`, which no resuming looks at.
   */
  readonly setAside: readonly string[];
}

/**
 * Saves a training as a file of its folder, and removes those that need not stay. What a killed process left unfinished
 * is removed first. Calls for one folder must not overlap.
 *
 * @throws TrainError `invalid-argument` for an option outside its range, `no-space` or `io` when the file cannot be
 * written: then all others are as they were
 */
export async function saveCheckpointFile(
  session: Pick<TrainingSession, "saveCheckpoint">,
  options: SaveCheckpointOptions,
): Promise<SavedCheckpoint> {
  const { folder, score } = options;
  const { keepLast = 3, keepBest = 0, better = "higher" } = options;
  requireCount("keepLast", keepLast, 1);
  requireCount("keepBest", keepBest, 0);
  if (score !== undefined && !Number.isFinite(score)) {
    throw new TrainError("invalid-argument", `score: expected a finite number, got ${score}`);
  }
  const bytes = await session.saveCheckpoint();
  const { step: update } = await readTrainingPosition(bytes);
  const own = { path: join(folder, checkpointName({ update, score })), update, score };
  for (const other of await namesIn(folder)) {
    const unfinished = other.endsWith(unfinishedName(""));
    if (unfinished && parseCheckpointName(other.slice(0, -unfinishedName("").length))) {
      await remove(join(folder, other));
    }
  }
  const others = (await listCheckpointFiles(folder)).filter(({ path }) => path !== own.path);
  const setAside: string[] = [];
  await writeWholeFile(own.path, {
    bytes,
    async before() {
      for (const { path, update } of others) {
        if (update > own.update) setAside.push(await setAsideFile(path));
      }
    },
  });
  const earlier = others.filter(({ update }) => update < own.update);
  const sign = better === "higher" ? -1 : 1;
  const scored = [own, ...earlier].filter((file) => file.score !== undefined);
  const kept = new Set([
    own,
    ...earlier.slice(0, keepLast - 1),
    ...scored.toSorted((a, b) => sign * (a.score! - b.score!)).slice(0, keepBest),
  ]);
  const removed = others.filter((file) => file.update <= own.update && !kept.has(file));
  for (const { path } of removed) await remove(path);
  return { ...own, removed: removed.map(({ path }) => path), setAside };
}

/**
 * The checkpoints of a folder, the latest first; none where there is no folder.
 *
 * @throws TrainError `io`
 */
export async function listCheckpointFiles(folder: string): Promise<readonly CheckpointFile[]> {
  const files = (await namesIn(folder)).flatMap((name): readonly CheckpointFile[] => {
    const found = parseCheckpointName(name);
    return found === undefined ? [] : [{ path: join(folder, name), ...found }];
  });
  return files.toSorted((a, b) => b.update - a.update || (a.path < b.path ? -1 : 1));
}

/**
 * The bytes of a checkpoint, for `loadCheckpoint`, after a look at all of them.
 *
 * @throws TrainError `damaged` for a file that is cut off, was changed or is no training checkpoint, `io`
 */
export async function readCheckpointFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readWholeFile(path);
  await named(path, () => readTrainingCheckpoint(bytes));
  return bytes;
}

/** A checkpoint that cannot be resumed from. */
export interface DamagedCheckpoint {
  readonly path: string;
  /** `damaged`, or `io` for a file that cannot be read. */
  readonly error: TrainError;
}

/**
 * Goes on from the latest checkpoint of a folder that is whole; undefined, and the session as it was, where there is
 * none at all.
 *
 * @throws TrainError `damaged` or `io` for a file that is not whole unless `onDamaged` is given, and when no file is
 * whole; `mismatch` for the checkpoint of another model or optimizer
 */
export async function resumeFromFolder(
  session: Pick<TrainingSession, "loadCheckpoint">,
  options: {
    readonly folder: string;
    /**
     * Called with each file that is skipped for an older one. Default: none is skipped, a file that is not whole is an
     * error.
     */
    readonly onDamaged?: (damaged: DamagedCheckpoint) => void;
  },
): Promise<CheckpointFile | undefined> {
  const { folder, onDamaged } = options;
  const files = await listCheckpointFiles(folder);
  for (const file of files) {
    try {
      const bytes = await readWholeFile(file.path);
      await named(file.path, () => session.loadCheckpoint(bytes));
      return file;
    } catch (error) {
      const skips = isTrainError(error) && (error.code === "damaged" || error.code === "io");
      if (!skips || onDamaged === undefined) throw error;
      onDamaged({ path: file.path, error });
    }
  }
  if (files.length === 0) return undefined;
  const names = files.map(({ path }) => basename(path)).join(", ");
  throw new TrainError("damaged", `${folder}: expected a whole checkpoint, found none: ${names}`);
}

/** Names the file in what is said about its bytes. */
async function named<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!isTrainError(cause)) throw cause;
    const code = cause.code === "mismatch" ? "mismatch" : "damaged";
    const options = { cause, ...(cause.subject === undefined ? {} : { subject: cause.subject }) };
    throw new TrainError(code, `${path}: ${cause.message}`, options);
  }
}

async function setAsideFile(path: string): Promise<string> {
  const taken = new Set(await namesIn(join(path, "..")));
  let target = `${path}.left`;
  for (let count = 2; taken.has(basename(target)); count++) target = `${path}.left${count}`;
  await rename(path, target);
  return target;
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (cause) {
    throw fileError(`${path} cannot be removed`, cause);
  }
}

function requireCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new TrainError(
    "invalid-argument",
    `${name}: expected a whole number from ${least}, got ${value}`,
  );
}

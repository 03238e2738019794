// What an extraction's folder holds already, and what is left to do.

import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { RuntimeError } from "../errors.ts";
import { writeError } from "../export/write-hashed-file.ts";
import { isOwnFile, PICTURES_FILE, PLAN_FILE, shardFiles } from "./shard-files.ts";
import { findDamage, readShardIndex, type ShardIndex } from "./shard-index.ts";
import { batchCount, type ShardPlan } from "./shard-plan.ts";
import { readProgress } from "./shard-writer.ts";

/** A shard that is not finished. */
export interface UnfinishedShard {
  readonly plan: ShardPlan;
  /** Batches that are written already. */
  readonly batches: number;
  /** Bad pictures of those. */
  readonly bad: number;
  /** True when only its last step is missing. */
  readonly written: boolean;
}

/** The shards of an extraction. */
export interface OutputState {
  readonly finished: number;
  readonly unfinished: readonly UnfinishedShard[];
  /** Pictures that need not be done again, bad ones included. */
  readonly done: number;
  /** Bad ones of those. */
  readonly bad: number;
}

/**
 * Makes the folder where it is not there.
 *
 * @throws RuntimeError `exists` when it is a file, `no-space` or `io`
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EEXIST" && code !== "ENOTDIR") throw writeError(folder, cause);
    throw new RuntimeError("exists", `${folder}: expected a folder to write, found a file`, {
      cause,
    });
  }
}

/**
 * Looks whether an extraction may write to the folder; removes what an extraction left in it with `restart`.
 *
 * @throws RuntimeError `exists` when the folder holds anything else and no plan, `io`
 */
export async function openOutputFolder(
  folder: string,
  { restart }: { readonly restart: boolean },
): Promise<void> {
  try {
    const names = await readdir(folder);
    if (restart) {
      // The plan last: what a kill leaves can still be continued or removed.
      const own = names.filter((name) => isOwnFile(name) && name !== PLAN_FILE && !isLock(name));
      for (const name of [...own, PLAN_FILE]) await rm(join(folder, name), { force: true });
    } else if (!names.includes(PLAN_FILE)) {
      const foreign = names.find((name) => !name.startsWith(PICTURES_FILE) && !isPlanOrLock(name));
      if (foreign !== undefined) {
        throw new RuntimeError(
          "exists",
          `${folder} is not empty (it has ${foreign}) and holds no extraction that could be continued; take another folder`,
        );
      }
    }
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    throw writeError(folder, cause);
  }
}

function isLock(name: string): boolean {
  return name.startsWith("extraction.lock");
}

function isPlanOrLock(name: string): boolean {
  return isLock(name) || name === `${PLAN_FILE}.part`;
}

/** Looks at every shard. Damaged ones are removed and said to be made again. */
export async function readOutputState(
  plans: Iterable<ShardPlan>,
  options: {
    /** Compare finished shards with their hashes too. */
    readonly verify: boolean;
    readonly onDamage: (message: string) => void;
  },
): Promise<OutputState> {
  const unfinished: UnfinishedShard[] = [];
  let finished = 0;
  let done = 0;
  let bad = 0;
  for (const plan of plans) {
    const index = await readFinished(plan, options);
    if (index !== undefined) {
      finished++;
      done += index.pictures;
      bad += index.bad.length;
      continue;
    }
    const { entries } = await readProgress(plan);
    const badHere = entries.reduce((sum, entry) => sum + entry.bad.length, 0);
    const total = batchCount(plan.keys.length, plan.batchSize);
    unfinished.push({
      plan,
      batches: entries.length,
      bad: badHere,
      written: entries.length === total,
    });
    done += Math.min(entries.length * plan.batchSize, plan.keys.length);
    bad += badHere;
  }
  return { finished, unfinished, done, bad };
}

async function readFinished(
  plan: ShardPlan,
  { verify, onDamage }: Parameters<typeof readOutputState>[1],
): Promise<ShardIndex | undefined> {
  const files = shardFiles(plan.folder, plan.shard);
  const index = await readShardIndex(files.index);
  if (index === undefined) return undefined;
  const damage = await findDamage(files, { index, verify });
  if (damage === undefined) {
    // Left when the program was killed after the shard had got its name.
    for (const rest of [files.partial, files.compact, files.journal])
      await rm(rest, { force: true });
    return index;
  }
  const { entries } = await readProgress(plan);
  // Killed between the index and the shard's own name: nothing is damaged, its last step is done again.
  if (entries.length === batchCount(plan.keys.length, plan.batchSize)) return undefined;
  onDamage(`${damage}: it is made again`);
  for (const part of [files.data, files.index]) await rm(part, { force: true });
  return undefined;
}

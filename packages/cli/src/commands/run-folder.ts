// The folder that a run of `internvit eval` writes, while it does: no other run may write to it at the same time.

import { mkdir, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import type { RunStorage } from "@internvit/eval";
import { folderStorage } from "@internvit/eval/node";
import { lockOutput } from "@internvit/runtime-node";

import { writeError } from "../errors.ts";

const LOCK_FILE = "run.lock";

/** A folder that nobody else writes, until it is disposed of. */
export interface RunFolder extends AsyncDisposable {
  readonly storage: RunStorage;
}

/**
 * Makes the folder, if it is not there, and keeps other runs out of it until it is disposed of. A folder in which nothing
 * was written is taken away again.
 *
 * @throws RuntimeError `exists` while another process writes to it, CliError `io` when it cannot be made
 */
export async function openRunFolder(folder: string): Promise<RunFolder> {
  const path = resolve(folder);
  const first = await makeFolder(path).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
  const lock = await lockOutput(join(path, LOCK_FILE));
  return {
    storage: folderStorage(folder),
    async [Symbol.asyncDispose]() {
      await lock.dispose();
      if (first !== undefined) await removeEmpty(path, { first });
    },
  };
}

/**
 * Makes a folder and those above it; returns the first that was not there. Node's own recursion says of a file system that is
 * read-only that a folder is missing, and never ends where the system makes none, as in `/proc`.
 */
async function makeFolder(path: string): Promise<string | undefined> {
  try {
    await mkdir(path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      if (await isFolder(path)) return undefined;
      throw error;
    }
    const first = await makeFolder(dirname(path));
    await mkdir(path);
    return first ?? path;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Removes folders that are empty, from `path` up to `first`, which it is in. */
async function removeEmpty(path: string, { first }: { readonly first: string }): Promise<void> {
  for (let at = path; at.length >= first.length; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      // Something was written: it stays.
      return;
    }
  }
}

// A folder that appears under its name when it is complete: written beside the target under a name that no other run
// uses, then renamed. Whatever goes wrong before, nothing stays.

import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, rmdir, stat, statfs } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { RuntimeError } from "../errors.ts";
import { describeBytes } from "./describe-bytes.ts";
import { writeError } from "./write-hashed-file.ts";

/** Options of `createOutputFolder`. */
export interface OutputFolderOptions {
  /** Whether a folder that holds nothing but `ownFiles` may be replaced. */
  readonly overwrite: boolean;
  /** Names of the files that may be replaced: a slip must not remove anything else. */
  readonly ownFiles: readonly string[];
  /** Bytes that will be written. */
  readonly byteLength: number;
}

/** A folder that has no name yet. */
export interface OutputFolder {
  /** Where its files are to be written. */
  readonly path: string;
  /** Gives the folder its name. */
  commit(): Promise<void>;
  /** Removes what has no name. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Refuses a target that is taken.
 *
 * @throws RuntimeError `exists` or `io`
 */
export async function checkOutputFolder(
  target: string,
  { overwrite, ownFiles }: Pick<OutputFolderOptions, "overwrite" | "ownFiles">,
): Promise<void> {
  const names = await readdir(target).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    if (cause.code === "ENOTDIR") {
      throw new RuntimeError("exists", `${target}: expected a folder to write, found a file`, {
        cause,
      });
    }
    throw writeError(target, cause);
  });
  if (names.length === 0) return;
  if (!overwrite) {
    const some = `${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}`;
    throw new RuntimeError(
      "exists",
      `${target} is not empty (it has ${some}); an exported model is replaced only with overwrite (--force)`,
    );
  }
  const foreign = names.find((name) => !ownFiles.includes(name));
  if (foreign !== undefined) {
    throw new RuntimeError(
      "exists",
      `${target} holds ${foreign}, which is no file of an exported model: only folders of ${ownFiles.join(", ")} are replaced`,
    );
  }
}

/**
 * A new folder beside `target`; folders above it are made.
 *
 * @throws RuntimeError `exists`, `no-space` or `io`
 */
export async function createOutputFolder(
  target: string,
  options: OutputFolderOptions,
): Promise<OutputFolder> {
  await checkOutputFolder(target, options);
  const final = resolve(target);
  const parent = dirname(final);
  const failed = (cause: unknown): never => {
    throw writeError(target, cause);
  };
  const created = await mkdir(parent, { recursive: true }).catch(failed);
  const path = temporaryName(final);
  let committed = false;
  const dispose = async (): Promise<void> => {
    await remove(path);
    if (!committed && created !== undefined) await removeEmptyFolders(parent, created);
  };
  try {
    await checkFreeSpace(parent, { byteLength: options.byteLength, target });
    await mkdir(path).catch(failed);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    path,
    async commit() {
      // Again: the target may have been filled while this was written.
      await checkOutputFolder(target, options);
      if (options.overwrite) await replaceFolder(path, final).catch(failed);
      else if (!(await takeName(path, final).catch(failed))) {
        await checkOutputFolder(target, options);
        throw new RuntimeError("exists", `${target} was taken while it was written`);
      }
      committed = true;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

function temporaryName(target: string): string {
  const unique = `${process.pid}-${randomBytes(4).toString("hex")}`;
  return join(dirname(target), `.${basename(target)}.${unique}.part`);
}

/** Refuses what does not fit before it is tried. Where the system does not tell, the attempt decides. */
async function checkFreeSpace(
  folder: string,
  { byteLength, target }: { readonly byteLength: number; readonly target: string },
): Promise<void> {
  const disk = await statfs(folder).catch(() => undefined);
  if (disk === undefined) return;
  const free = disk.bavail * disk.bsize;
  if (free >= byteLength) return;
  throw new RuntimeError(
    "no-space",
    `${target} takes ${describeBytes(byteLength)}, but only ${describeBytes(free)} are free on that disk`,
  );
}

/**
 * Gives the folder a name that nobody has: only an empty folder may stand there. False when somebody was faster, whose
 * folder is not touched, not for a moment: it may be in use already.
 */
async function takeName(folder: string, target: string): Promise<boolean> {
  // Windows renames over nothing; elsewhere an empty folder would be replaced anyway. One with files is not removed.
  await rmdir(target).catch(() => undefined);
  try {
    await rename(folder, target);
    return true;
  } catch (cause) {
    if (isTaken(cause) && (await stat(target).catch(() => undefined)) !== undefined) return false;
    throw cause;
  }
}

/**
 * What was there is set aside first and comes back when the move fails, unless another process, which replaced it at
 * the same time, has the name by then.
 */
async function replaceFolder(folder: string, target: string): Promise<void> {
  const aside = temporaryName(target);
  const replaced = await rename(target, aside).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return false;
      throw cause;
    },
  );
  try {
    await rename(folder, target);
  } catch (cause) {
    if (replaced && !(await takeName(aside, target))) await remove(aside);
    throw cause;
  }
  if (replaced) await remove(aside);
}

/** What a system says when the new name of a folder is that of one with files (Windows: EPERM, also for other reasons). */
function isTaken(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ENOTEMPTY" || code === "EEXIST" || code === "EPERM";
}

async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Removes `folder` and the folders above it up to `last`, as long as they are empty. */
async function removeEmptyFolders(folder: string, last: string): Promise<void> {
  for (let path = folder; path.length >= last.length; path = dirname(path)) {
    try {
      await rmdir(path);
    } catch {
      return;
    }
  }
}

// Files under names that no other run uses, beside where they will end up, so that the last step is a rename
// within one file system. What was not renamed is removed at the end, whatever happened.

import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { CliError, writeError } from "../errors.ts";

/** A file that grows at its end. */
export interface TemporaryFile {
  readonly path: string;
  append(bytes: Uint8Array): Promise<void>;
  /** Everything that was appended is on the disk after this; a closed file takes no more. */
  close(): Promise<void>;
}

/** The temporary files of one target. */
export interface TemporaryFiles {
  /** A new empty file. */
  create(): Promise<TemporaryFile>;
  /** Gives a closed file its final name; a file of that name is replaced. */
  rename(file: TemporaryFile, target: string): Promise<void>;
  /** Removes a file at once. */
  remove(file: TemporaryFile): Promise<void>;
  /** Removes every file that has no final name. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A name beside `target` that no other run uses. */
export function temporaryName(target: string): string {
  const unique = `${process.pid}-${randomBytes(4).toString("hex")}`;
  return join(dirname(target), `.${basename(target)}.${unique}.part`);
}

/**
 * Says early that `target` cannot be written: before hours of work, not after.
 *
 * @throws CliError `not-found`, `exists` or `io`
 */
export async function checkTarget(target: string): Promise<void> {
  const folder = dirname(target);
  const found = await stat(folder).catch((cause: unknown) => {
    throw new CliError("not-found", `${target} cannot be written: there is no folder ${folder}`, {
      cause,
    });
  });
  if (!found.isDirectory()) {
    throw new CliError("not-found", `${target} cannot be written: ${folder} is not a folder`);
  }
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new CliError("io", `${target} cannot be written: no permission to write in ${folder}`, {
      cause,
    });
  });
  const existing = await stat(target).catch(() => undefined);
  if (existing !== undefined && !existing.isFile()) {
    const kind = existing.isDirectory() ? "a folder" : "no regular file";
    throw new CliError("exists", `${target} cannot be written: it is ${kind}`);
  }
}

/** The temporary files of a result that will be called `target`. */
export function createTemporaryFiles(target: string): TemporaryFiles {
  const unnamed = new Map<TemporaryFile, () => Promise<void>>();
  const remove = async (file: TemporaryFile): Promise<void> => {
    const close = unnamed.get(file);
    unnamed.delete(file);
    await close?.();
    await rm(file.path, { force: true });
  };
  return {
    async create() {
      const { file, close } = await createFile(temporaryName(target), target);
      unnamed.set(file, close);
      return file;
    },
    async rename(file, finalPath) {
      try {
        await rename(file.path, finalPath);
      } catch (cause) {
        throw writeError(finalPath, cause);
      }
      unnamed.delete(file);
    },
    remove,
    async [Symbol.asyncDispose]() {
      await Promise.all([...unnamed.keys()].map(remove));
    },
  };
}

/** Writes a file that appears complete or not at all; one that is there is replaced. */
export async function writeWholeFile(path: string, bytes: Uint8Array): Promise<void> {
  await using temporaries = createTemporaryFiles(path);
  const file = await temporaries.create();
  await file.append(bytes);
  await file.close();
  await temporaries.rename(file, path);
}

async function createFile(
  path: string,
  target: string,
): Promise<{ readonly file: TemporaryFile; readonly close: () => Promise<void> }> {
  // "wx": never writes through a link that somebody else put there.
  const handle = await open(path, "wx").catch((cause: unknown) => {
    throw writeError(target, cause);
  });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= handle.close());
  const file: TemporaryFile = {
    path,
    async append(bytes) {
      try {
        let done = 0;
        while (done < bytes.byteLength) {
          done += (await handle.write(bytes, done)).bytesWritten;
        }
      } catch (cause) {
        throw writeError(target, cause);
      }
    },
    async close() {
      try {
        await handle.sync();
        await close();
      } catch (cause) {
        throw writeError(target, cause);
      }
    },
  };
  return { file, close };
}

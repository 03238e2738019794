// A file that is there whole or not at all, also after a power failure, and that may be larger than what one call of the
// system writes or reads.

import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { TrainError } from "../errors.ts";

/** Below 2 GiB, where single reads and writes end. */
const MAX_PIECE_BYTES = 2 ** 28;

/** The name under which a file is written. */
export function unfinishedName(path: string): string {
  return `${path}.part`;
}

/**
 * Writes a file beside its final name, flushes it, calls `before`, and gives it its name; one of that name is replaced.
 * Folders above it are made.
 *
 * @throws TrainError `no-space` or `io`; then nothing of the file is left
 */
export async function writeWholeFile(
  path: string,
  options: { readonly bytes: Uint8Array; readonly before: () => Promise<void> },
): Promise<void> {
  const { bytes, before } = options;
  const part = unfinishedName(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    try {
      await writeAll(part, bytes);
      await before();
      await rename(part, path);
    } catch (cause) {
      await rm(part, { force: true }).catch(() => undefined);
      throw cause;
    }
    await syncFolder(dirname(path));
  } catch (cause) {
    throw fileError(`${path} cannot be written (${bytes.byteLength} bytes)`, cause);
  }
}

/**
 * All bytes of a file.
 *
 * @throws TrainError `io`
 */
export async function readWholeFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const bytes = new Uint8Array(size);
    let done = 0;
    while (done < size) {
      const length = Math.min(MAX_PIECE_BYTES, size - done);
      const { bytesRead } = await file.read(bytes, done, length, done);
      // Shorter than it was: its reader says what is missing.
      if (bytesRead === 0) return bytes.slice(0, done);
      done += bytesRead;
    }
    return bytes;
  } catch (cause) {
    throw fileError(`${path} cannot be read`, cause);
  }
}

/**
 * The names in a folder; none where there is no folder.
 *
 * @throws TrainError `io`
 */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw fileError(`${folder} cannot be read`, cause);
  }
}

/** The error for a call of the system that failed; one of ours passes through. */
export function fileError(what: string, cause: unknown): TrainError {
  if (cause instanceof TrainError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  // A full disk, a used-up quota, and a file larger than the file system or the process may write.
  const full = code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
  return new TrainError(full ? "no-space" : "io", `${what}: ${message}`, { cause });
}

async function writeAll(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "w");
  for (let done = 0; done < bytes.byteLength;) {
    const length = Math.min(MAX_PIECE_BYTES, bytes.byteLength - done);
    done += (await file.write(bytes, done, length)).bytesWritten;
  }
  await file.sync();
}

/** Makes new names outlast a power failure; where folders cannot be opened (Windows) they do anyway. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using folder = await open(path, "r");
  await folder.sync();
}

// What the file system may say, in words, and the few operations that must reach the disk.

import { mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { HubError, isHubError } from "../errors.ts";

/** No space, no quota, and a file larger than the file system or the process may write. */
const NO_ROOM = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** The error for a failed operation on a file; one of ours, or an abort, passes through. */
export function diskError(cause: unknown, what: string): unknown {
  const { code } = cause as { code?: unknown };
  if (isHubError(cause) || typeof code !== "string") return cause;
  const { message } = cause as Error;
  return NO_ROOM.has(code)
    ? new HubError(
        "disk-full",
        `there is no room: ${what}: ${message}. What is there is kept, so a later try goes on from it; HF_HOME or HF_HUB_CACHE names another place`,
        { cause },
      )
    : new HubError("io", `${what}: ${message}`, { cause });
}

/**
 * Checks before a download that it will fit. Others may fill the disk later, so the writers check too.
 *
 * @throws HubError `disk-full` with what is needed and where.
 */
export async function checkFreeSpace(folder: string, needed: number): Promise<void> {
  let free: number;
  try {
    const { bavail, bsize } = await statfs(folder);
    free = bavail * bsize;
  } catch {
    // Some network file systems do not tell. Then the writers find out.
    return;
  }
  if (needed <= free) return;
  throw new HubError(
    "disk-full",
    `${formatBytes(needed)} are needed in ${folder}, where ${formatBytes(free)} are free; HF_HOME or HF_HUB_CACHE names another place`,
  );
}

/** Such as `608.2 MB`. */
function formatBytes(bytes: number): string {
  if (bytes < 1e6) return `${bytes} bytes`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** The size of a regular file (through links), or undefined when there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw diskError(cause, `${path} cannot be looked at`);
  }
}

/** A text file, or undefined when there is none. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw diskError(cause, `${path} cannot be read`);
  }
}

/** True when an operation failed because the file or a folder above it does not exist. */
export function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Makes a folder and those above it. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw diskError(cause, `the folder ${path} cannot be made`);
  }
}

/** Makes sure that names that were made or changed in a folder outlast a power failure. */
export async function syncFolder(path: string): Promise<void> {
  // Windows has no such thing, and some network file systems refuse; the files are whole in either case.
  const handle = await open(path).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close().catch(() => undefined);
}

/** Writes a small file so that it is there whole or not at all. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${process.pid}-${Math.random().toString(36).slice(2)}`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, content, { flush: true });
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw diskError(cause, `${path} cannot be written`);
  }
}

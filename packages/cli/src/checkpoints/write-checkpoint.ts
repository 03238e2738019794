// A synthesized checkpoint on disk: written piece by piece into a folder beside the target, which gets its name when
// it is complete. Another process never sees half of one.

import { mkdir, open, readdir, rename, rm, rmdir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { SynthesizedCheckpoint, SynthesizedFile } from "@internvit/model-core/synthesize";

import { CliError, writeError } from "../errors.ts";
import type { Report } from "../events.ts";
import { temporaryName } from "../results/temporary-files.ts";
import { formatBytes } from "../terminal/quantities.ts";

/** Options of `writeCheckpoint`. */
export interface WriteCheckpointOptions {
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Whether the folder may take the place of what is there already; asked once it is written. */
  readonly mayReplace: (target: string) => Promise<boolean>;
}

/**
 * Writes a checkpoint into the folder `target`, whose parent exists. When something is there by then that may not be
 * replaced, it stays, and what was written is removed.
 *
 * @throws CliError `no-space` or `io`; the signal's reason. Nothing is left behind.
 */
export async function writeCheckpoint(
  { files, byteLength }: SynthesizedCheckpoint,
  target: string,
  options: WriteCheckpointOptions,
): Promise<void> {
  await checkFreeSpace(dirname(target), { byteLength, target });
  const folder = temporaryName(target);
  let done = 0;
  const onWritten = (bytes: number): void => {
    done += bytes;
    options.report({
      event: "progress",
      stage: "synthesize",
      done,
      total: byteLength,
      unit: "bytes",
    });
  };
  try {
    await mkdir(folder).catch((cause: unknown) => {
      throw writeError(target, cause);
    });
    for (const file of files) {
      const name = join(target, file.name);
      await writeFile(file, join(folder, file.name), { name, onWritten, signal: options.signal });
    }
    await moveIntoPlace(folder, target, options.mayReplace);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Refuses what does not fit on the disk before it is tried. Where the system does not tell, the attempt decides.
 *
 * @throws CliError `no-space`
 */
export async function checkFreeSpace(
  folder: string,
  { byteLength, target }: { readonly byteLength: number; readonly target: string },
): Promise<void> {
  const disk = await statfs(folder).catch(() => undefined);
  if (disk === undefined) return;
  const free = disk.bavail * disk.bsize;
  if (free < byteLength) {
    throw new CliError(
      "no-space",
      `${target} takes ${formatBytes(byteLength)}, but only ${formatBytes(free)} are free on that disk`,
    );
  }
}

async function writeFile(
  { chunks }: SynthesizedFile,
  path: string,
  options: {
    /** What messages call it: the path that it will have. */
    readonly name: string;
    readonly onWritten: (bytes: number) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { name, onWritten, signal } = options;
  try {
    await using handle = await open(path, "wx");
    for (const chunk of chunks) {
      signal.throwIfAborted();
      await handle.writeFile(chunk);
      onWritten(chunk.byteLength);
    }
    // Before the folder gets its name: after a power failure there must be no complete name over empty blocks.
    await handle.sync();
  } catch (cause) {
    signal.throwIfAborted();
    throw writeError(name, cause);
  }
}

// Another process that does the same can come between any two of these steps; then the steps start again.
const ATTEMPTS = 20;

/** What systems answer when the new name is taken; it may be free again by the time anybody looks. */
const TAKEN: ReadonlySet<string | undefined> = new Set(["ENOTEMPTY", "EEXIST", "ENOTDIR", "EPERM"]);

async function moveIntoPlace(
  folder: string,
  target: string,
  mayReplace: (target: string) => Promise<boolean>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      // An empty folder may be replaced; not every system's rename does that.
      await rmdir(target).catch(() => undefined);
      await rename(folder, target);
      return;
    } catch (cause) {
      const taken = TAKEN.has((cause as NodeJS.ErrnoException).code);
      if (attempt === ATTEMPTS || !taken) throw writeError(target, cause);
      if (!(await isOccupied(target))) continue;
    }
    if (!(await mayReplace(target))) return;
    const old = temporaryName(target);
    await rename(target, old).catch(() => undefined);
    await rm(old, { recursive: true, force: true });
  }
}

async function isOccupied(target: string): Promise<boolean> {
  const found = await stat(target).catch(() => undefined);
  if (found === undefined) return false;
  if (!found.isDirectory()) return true;
  const names = await readdir(target).catch(() => []);
  return names.length > 0;
}

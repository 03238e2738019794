// A small file that is there whole or not at all, also after a power failure.

import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

import { writeError } from "../export/write-hashed-file.ts";

/**
 * Writes a file under its name with `.part` and renames it; one that was there is replaced.
 *
 * @throws RuntimeError `no-space` or `io`
 */
export async function writeWholeFile(path: string, pieces: Iterable<string>): Promise<void> {
  const part = `${path}.part`;
  try {
    {
      await using handle = await open(part, "w");
      for (const piece of pieces) await handle.writeFile(piece);
      await handle.sync();
    }
    await rename(part, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    throw writeError(path, cause);
  }
}

/** Makes new names in a folder survive a power failure; where folders cannot be opened (Windows) they do anyway. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using handle = await open(path, "r");
  await handle.sync();
}

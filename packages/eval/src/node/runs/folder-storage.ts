// A run's storage in a folder. A file is written beside its place, flushed and renamed: whoever kills the process, or
// the machine, finds the old or the new one.

import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";

import { EvalError } from "../../errors.ts";
import type { RunStorage } from "../../runs/run-storage.ts";

/** A storage in a folder, which is made with the first file. */
export function folderStorage(folder: string): RunStorage {
  return {
    async read(name) {
      const path = join(folder, name);
      try {
        return new Uint8Array(await readFile(path));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw ioError(path, { doing: "read", cause });
      }
    },
    async write(name, bytes) {
      const path = join(folder, name);
      const part = `${path}.part`;
      try {
        await mkdir(dirname(path), { recursive: true });
        {
          await using handle = await open(part, "w");
          await handle.writeFile(bytes);
          await handle.sync();
        }
        await rename(part, path);
        await syncFolder(dirname(path));
      } catch (cause) {
        throw ioError(path, { doing: "written", cause });
      }
    },
  };
}

/** Makes a new name survive a power failure; Windows cannot open folders, and needs no flush for it. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using handle = await open(path, "r");
  await handle.sync();
}

function ioError(
  path: string,
  { doing, cause }: { readonly doing: string; readonly cause: unknown },
): EvalError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const full = code === "ENOSPC" || code === "EDQUOT";
  const why = full ? "the disk is full" : message;
  return new EvalError("io", `${path} cannot be ${doing}: ${why}`, { subject: path, cause });
}

// A run's storage in a folder: whoever kills the process, or the machine, finds the old or the new file.

import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { RunStorage } from "../../runs/run-storage.ts";
import { ioError } from "../io-error.ts";
import { writeWholeFile } from "../whole-file.ts";

/** A storage in a folder, which is made with the first file. */
export function folderStorage(folder: string): RunStorage {
  return {
    async read(name) {
      const path = join(folder, name);
      try {
        const file = await readFile(path);
        // The memory of a file read whole is its own; small ones may share theirs with others.
        const own = file.byteLength === file.buffer.byteLength;
        return own ? new Uint8Array(file.buffer) : new Uint8Array(file);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw ioError(`${path} cannot be read`, { subject: path, cause });
      }
    },
    async write(name, bytes) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
        throw ioError(`${dirname(path)} cannot be made`, { subject: path, cause });
      });
      await writeWholeFile(path, bytes);
    },
  };
}

// Pictures that are files of their own.

import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";

import { ioError } from "../io-error.ts";
import type { PictureStore } from "./stored-set.ts";

/** The store of files whose keys are paths from `folder`. */
export function createFileStore(folder: string): PictureStore {
  const pathOf = (key: string): string => resolve(folder, key);
  const failed = (key: string, cause: unknown): Error =>
    ioError(`${pathOf(key)} cannot be read`, { subject: key, cause });
  return {
    async read({ key }, signal) {
      try {
        const bytes = await readFile(pathOf(key), signal === undefined ? {} : { signal });
        // A view of a pool is nobody's own.
        return bytes.byteLength === bytes.buffer.byteLength
          ? new Uint8Array(bytes.buffer)
          : Uint8Array.from(bytes);
      } catch (cause) {
        signal?.throwIfAborted();
        throw failed(key, cause);
      }
    },
    byteLength: ({ key }) =>
      stat(pathOf(key)).then(
        ({ size }) => size,
        (cause: unknown) => {
          throw failed(key, cause);
        },
      ),
    close: async () => {},
  };
}

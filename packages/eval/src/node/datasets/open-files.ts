// Files that are read here and there, a few of which are kept open.

import { type FileHandle, open } from "node:fs/promises";

import { EvalError } from "../../errors.ts";
import { ioError } from "../io-error.ts";

/** An open file. */
export interface OpenFile {
  readonly path: string;
  readonly byteLength: number;
  /**
   * These bytes, in memory of their own.
   *
   * @throws EvalError `invalid-data` where the file ends before, `io`
   */
  read(range: { readonly start: number; readonly end: number }): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/**
 * Opens a file for reading.
 *
 * @throws EvalError `not-found` or `io`
 */
export async function openFile(path: string): Promise<OpenFile> {
  const failed = (cause: unknown): Error =>
    ioError(`${path} cannot be read`, { subject: path, cause });
  let handle: FileHandle;
  let size: number;
  try {
    handle = await open(path, "r");
    ({ size } = await handle.stat());
  } catch (cause) {
    throw failed(cause);
  }
  return {
    path,
    byteLength: size,
    async read({ start, end }) {
      const bytes = new Uint8Array(end - start);
      for (let done = 0; done < bytes.length;) {
        const { bytesRead } = await handle
          .read(bytes, done, bytes.length - done, start + done)
          .catch((cause: unknown) => {
            throw failed(cause);
          });
        if (bytesRead === 0) {
          throw new EvalError(
            "invalid-data",
            `${path}: expected bytes ${start} to ${end}, found the end of the file at ${start + done}: it was cut off or has changed`,
            { subject: path },
          );
        }
        done += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

/** Resources by number, opened when they are asked for; the ones that were not used for longest are closed. */
export interface KeptOpen<T> {
  /** Gives the resource to `use` and does not close it before that is done. */
  use<R>(index: number, use: (resource: T) => Promise<R>): Promise<R>;
  close(): Promise<void>;
}

/** Keeps up to `limit` resources open, more only while they are in use. */
export function keepOpen<T extends { close(): Promise<void> }>(
  limit: number,
  open: (index: number) => Promise<T>,
): KeptOpen<T> {
  const kept = new Map<number, { readonly resource: Promise<T>; users: number }>();
  const trim = async (): Promise<void> => {
    for (const [index, { resource, users }] of kept) {
      if (kept.size <= limit) return;
      if (users > 0) continue;
      kept.delete(index);
      await (await resource).close();
    }
  };
  return {
    async use(index, use) {
      const found = kept.get(index) ?? { resource: open(index), users: 0 };
      found.users++;
      // The last one that was asked for is the last one to go.
      kept.delete(index);
      kept.set(index, found);
      try {
        return await use(await found.resource);
      } finally {
        found.users--;
        const failed = await found.resource.then(
          () => false,
          () => true,
        );
        if (failed && kept.get(index) === found) kept.delete(index);
        await trim();
      }
    },
    async close() {
      const all = [...kept.values()];
      kept.clear();
      const opened = await Promise.allSettled(all.map(({ resource }) => resource));
      await Promise.all(
        opened.map((result) => (result.status === "fulfilled" ? result.value.close() : undefined)),
      );
    },
  };
}

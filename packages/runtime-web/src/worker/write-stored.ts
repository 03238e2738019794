// Writing to the weight store. Chunks of a file are written in order, each with its hash in a journal after it: an end
// at any moment leaves chunks that the next one finds, checks and goes on from.

import { fromHex, HASH_BYTES, toHex } from "./chunks.ts";
import {
  cacheAddress,
  openCache,
  opfsFolder,
  opfsParent,
  openStoredFiles,
  type StoredFiles,
  type StorePlace,
} from "./stored-files.ts";

/** Files that can be written. */
export interface WritableFiles extends StoredFiles {
  writeText(path: string, text: string): Promise<void>;
  /**
   * A quicker way to read a file than its Blob (in Chromium by far), or undefined where there is none: another tab may have
   * the file open, and the Cache API has no such way.
   */
  openReader(path: string): Promise<StoredReader | undefined>;
  /** Opens a file of chunks for writing; one writer at a time (the caller holds a lock). */
  openChunks(path: string): Promise<ChunkFile>;
}

/** A file that is open for reading, until `close`. */
export interface StoredReader {
  readonly byteLength: number;
  read(start: number, end: number): Uint8Array<ArrayBuffer>;
  close(): void;
}

/** A file under way. */
export interface ChunkFile {
  /** Hashes of the chunks that were written, as the journal has them; the bytes may be others. */
  readonly journal: readonly string[];
  /** Removes the chunks from an index on, and whatever else is after the first `start` bytes. */
  cut(at: Pick<ChunkPosition, "index" | "start">): Promise<void>;
  /** Rejects with a QuotaExceededError when the file cannot get as long, where that can be tried; it stays as it is. */
  tryLength(byteLength: number): Promise<void>;
  /** Puts a chunk after all others, then its hash in the journal; the chunk is the caller's when it resolves. */
  write(chunk: Uint8Array<ArrayBuffer>, at: ChunkPosition): Promise<void>;
  /** Gives the file free, with everything on the disk. */
  close(): Promise<void>;
}

/** Where a chunk belongs. */
export interface ChunkPosition {
  readonly index: number;
  /** Of its first byte in the file. */
  readonly start: number;
  /** SHA-256 in hexadecimal, which is computed meanwhile. */
  readonly hash: Promise<string>;
}

/** Opens a place for writing; rejects with the reason when the browser does not have it. */
export async function openWritableFiles(place: StorePlace): Promise<WritableFiles> {
  const files = await openStoredFiles(place);
  if (place === "cache") return writableCache(files, await openCache());
  if (!("createSyncAccessHandle" in FileSystemFileHandle.prototype)) {
    throw new Error("its files cannot be written from a worker in this browser");
  }
  return writableOpfs(files, await opfsFolder());
}

function writableOpfs(files: StoredFiles, root: FileSystemDirectoryHandle): WritableFiles {
  const open = async (path: string): Promise<FileSystemSyncAccessHandle> => {
    const parent = await opfsParent(root, path, { create: true });
    const handle = await parent!.folder.getFileHandle(parent!.name, { create: true });
    return whenFree(() => handle.createSyncAccessHandle());
  };
  return {
    ...files,
    async writeText(path, text) {
      const file = await open(path);
      try {
        file.truncate(0);
        writeAll(file, new TextEncoder().encode(text), 0);
        file.flush();
      } finally {
        file.close();
      }
    },
    async openReader(path) {
      const parent = await opfsParent(root, path, { create: false });
      try {
        const handle: ModalFileHandle | undefined = await parent?.folder.getFileHandle(parent.name);
        const file = await handle?.createSyncAccessHandle({ mode: "read-only" });
        return file === undefined ? undefined : storedReader(file);
      } catch (error) {
        const { name } = error as Error;
        if (name === "NotFoundError" || name === "NoModificationAllowedError") return undefined;
        throw error;
      }
    },
    async openChunks(path) {
      const data = await open(path);
      const journal = await open(`${path}.journal`);
      const hashes = new Uint8Array(Math.floor(journal.getSize() / HASH_BYTES) * HASH_BYTES);
      journal.read(hashes, { at: 0 });
      return {
        journal: Array.from({ length: hashes.length / HASH_BYTES }, (_, index) =>
          toHex(hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)),
        ),
        async cut({ index, start }) {
          journal.truncate(index * HASH_BYTES);
          data.truncate(start);
        },
        async tryLength(byteLength) {
          const before = data.getSize();
          try {
            // Its last byte: a length alone is not refused everywhere.
            if (byteLength > before) writeAll(data, Uint8Array.of(0), byteLength - 1);
          } finally {
            data.truncate(before);
          }
        },
        async write(chunk, { index, start, hash }) {
          writeAll(data, chunk, start);
          writeAll(journal, fromHex(await hash), index * HASH_BYTES);
        },
        async close() {
          for (const file of [data, journal]) {
            try {
              file.flush();
            } finally {
              file.close();
            }
          }
        },
      };
    },
  };
}

/** Chromium lets several read at a time; other browsers leave the mode out, as TypeScript's library does. */
interface ModalFileHandle {
  createSyncAccessHandle(options: {
    readonly mode: "read-only";
  }): Promise<FileSystemSyncAccessHandle>;
}

function storedReader(file: FileSystemSyncAccessHandle): StoredReader {
  return {
    byteLength: file.getSize(),
    read(start, end) {
      const bytes = new Uint8Array(end - start);
      const count = file.read(bytes, { at: start });
      if (count === bytes.byteLength) return bytes;
      throw new DOMException(`${count} of ${bytes.byteLength} bytes are there`, "NotReadableError");
    },
    close: () => file.close(),
  };
}

function writeAll(file: FileSystemSyncAccessHandle, bytes: Uint8Array, at: number): void {
  const written = file.write(bytes as Uint8Array<ArrayBuffer>, { at });
  if (written === bytes.byteLength) return;
  // What it says instead is an error number of its own in some browsers.
  throw new DOMException(`${bytes.byteLength} bytes were refused`, "QuotaExceededError");
}

/** A worker that was ended gives its files free a moment later than its locks. */
const WAITS = 40;
const WAIT_MILLISECONDS = 50;

async function whenFree<T>(open: () => Promise<T>): Promise<T> {
  for (let waits = 0; ; waits++) {
    try {
      return await open();
    } catch (error) {
      if ((error as Error).name !== "NoModificationAllowedError" || waits === WAITS) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, WAIT_MILLISECONDS);
      });
    }
  }
}

const HASH_HEADER = "x-sha256";

function writableCache(files: StoredFiles, cache: Cache): WritableFiles {
  return {
    ...files,
    openReader: async () => undefined,
    writeText: (path, text) => cache.put(cacheAddress(path), new Response(text)),
    async openChunks(path) {
      const address = (index: number): string => cacheAddress(`${path}/${index}`);
      const journal: string[] = [];
      for (;;) {
        const chunk = await cache.match(address(journal.length));
        const hash = chunk?.headers.get(HASH_HEADER);
        if (hash === undefined || hash === null) break;
        journal.push(hash);
      }
      return {
        journal,
        async cut({ index }) {
          // Without a journal: chunks may be there that no chain of entries leads to.
          const chunks = (await cache.keys())
            .map(({ url }) => url)
            .filter((url) => url.startsWith(cacheAddress(`${path}/`)));
          for (const url of chunks) {
            if (Number(url.slice(url.lastIndexOf("/") + 1)) >= index) await cache.delete(url);
          }
        },
        tryLength: async () => undefined,
        async write(chunk, { index, hash }) {
          const headers = { [HASH_HEADER]: await hash };
          await cache.put(address(index), new Response(chunk, { headers }));
        },
        close: async () => undefined,
      };
    },
  };
}

// The files of the weight store, where they are read: in the origin private file system (OPFS), or as entries of the
// Cache API where a browser has no OPFS. Pages and workers read alike; only workers write (write-stored.ts).
//
// weights/<key>/about.json            what is being kept, written first
// weights/<key>/<file>                a weight file, in chunks
// weights/<key>/manifest.json         the hashes of all chunks, written last: without it there is nothing to use
// checkpoints/<hash of address>.json  what opens the checkpoint without its server

/** Where files are kept. */
export type StorePlace = "opfs" | "cache";

/** Every `StorePlace`, the better one first. */
export const STORE_PLACES: readonly StorePlace[] = ["opfs", "cache"];

/** Files by paths with `/`. */
export interface StoredFiles {
  readonly place: StorePlace;
  /** The text of a file, or undefined when there is none. */
  text(path: string): Promise<string | undefined>;
  /** A file of chunks as far as it was written, or undefined when there is none. */
  blob(path: string): Promise<Blob | undefined>;
  /** Names of the folders in a folder. */
  folders(path: string): Promise<readonly string[]>;
  /** Removes a file or a folder with all that is in it; nothing happens when there is none. */
  remove(path: string): Promise<void>;
}

const FOLDER = "internvit";

/** Opens a place; rejects with the reason when the browser does not have it. */
export async function openStoredFiles(place: StorePlace): Promise<StoredFiles> {
  if (!isSecureContext) throw new Error("the page is not secure (https, or localhost)");
  return place === "opfs" ? opfsFiles(await opfsFolder()) : cacheFiles(await openCache());
}

/** The folder of the store in OPFS. */
export async function opfsFolder(): Promise<FileSystemDirectoryHandle> {
  if (typeof navigator.storage?.getDirectory !== "function") {
    throw new Error("this browser has no origin private file system");
  }
  return (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
}

/** The handle of a file's folder, and the file's name; undefined when the folder is not there. */
export async function opfsParent(
  root: FileSystemDirectoryHandle,
  path: string,
  { create }: { readonly create: boolean },
): Promise<{ readonly folder: FileSystemDirectoryHandle; readonly name: string } | undefined> {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  let folder = root;
  for (const part of parts) {
    const next = await orUndefined(folder.getDirectoryHandle(part, { create }));
    if (next === undefined) return undefined;
    folder = next;
  }
  return { folder, name };
}

function opfsFiles(root: FileSystemDirectoryHandle): StoredFiles {
  const file = async (path: string): Promise<File | undefined> => {
    const parent = await opfsParent(root, path, { create: false });
    const handle = await orUndefined(parent?.folder.getFileHandle(parent.name));
    return orUndefined(handle?.getFile());
  };
  return {
    place: "opfs",
    text: async (path) => (await file(path))?.text(),
    blob: file,
    async folders(path) {
      const parent = await opfsParent(root, `${path}/`, { create: false });
      const names: string[] = [];
      for await (const [name, { kind }] of parent?.folder.entries() ?? []) {
        if (kind === "directory") names.push(name);
      }
      return names;
    },
    async remove(path) {
      const parent = await opfsParent(root, path, { create: false });
      await orUndefined(parent?.folder.removeEntry(parent.name, { recursive: true }));
    },
  };
}

/** What a file system says when there is nothing of a name is no error here. */
async function orUndefined<T>(found: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if ((error as Error).name === "NotFoundError") return undefined;
    throw error;
  }
}

/** Entries need addresses; nothing is ever asked of this one, whose ending is reserved for names that do not exist. */
const ORIGIN = "https://internvit.invalid/";

/** The address of an entry. */
export function cacheAddress(path: string): string {
  return ORIGIN + path;
}

/** The store's cache. */
export async function openCache(): Promise<Cache> {
  if (typeof caches !== "object") throw new Error("this browser has no Cache API");
  return caches.open(FOLDER);
}

function cacheFiles(cache: Cache): StoredFiles {
  const addresses = async (path: string): Promise<readonly string[]> =>
    (await cache.keys())
      .map(({ url }) => url.slice(ORIGIN.length))
      .filter((url) => url === path || url.startsWith(`${path}/`));
  return {
    place: "cache",
    text: async (path) => (await cache.match(cacheAddress(path)))?.text(),
    async blob(path) {
      const chunks: Blob[] = [];
      for (;;) {
        const chunk = await cache.match(cacheAddress(`${path}/${chunks.length}`));
        if (chunk === undefined) break;
        chunks.push(await chunk.blob());
      }
      return chunks.length === 0 ? undefined : new Blob(chunks);
    },
    async folders(path) {
      const names = (await addresses(path)).map((url) => url.slice(path.length + 1).split("/"));
      return [...new Set(names.flatMap(([name, ...rest]) => (rest.length > 0 ? [name!] : [])))];
    },
    async remove(path) {
      for (const address of await addresses(path)) await cache.delete(cacheAddress(address));
    },
  };
}

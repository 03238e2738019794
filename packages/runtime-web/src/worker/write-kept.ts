// Weight files that are written: what is there of an earlier try is used as far as its hashes are right, and room is
// asked for first.

import { RuntimeError, type LayerSpread } from "@internvit/model-core";

import { blobBytes, CHUNK_BYTES, chunkCutter, countGoodChunks, sha256 } from "./chunks.ts";
import type { KeptFile, WeightProgress } from "./keep-order.ts";
import type { ChunkFile, WritableFiles } from "./write-stored.ts";

/** Files to be made. */
export interface FilesToMake {
  readonly spread: readonly LayerSpread[] | undefined;
  readonly files: Readonly<Record<string, FileToMake>>;
}

/** One of them. */
export interface FileToMake {
  readonly byteLength: number;
  /** Its bytes from a place on. */
  readonly bytes: (from: number) => AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/**
 * Writes files chunk by chunk, each from the last chunk on that is there already and right.
 *
 * @throws RuntimeError `no-space` before anything is fetched; what making and writing reject with.
 */
export async function writeKept(
  place: WritableFiles,
  {
    folder,
    files,
    onProgress,
  }: {
    readonly folder: string;
    readonly files: FilesToMake["files"];
    readonly onProgress: (progress: WeightProgress) => void;
  },
): Promise<Record<string, KeptFile>> {
  const totalBytes = Object.values(files).reduce((total, file) => total + file.byteLength, 0);
  let loadedBytes = 0;
  const onBytes = (count: number): void => {
    loadedBytes += count;
    onProgress({ phase: "fetch", loadedBytes, totalBytes });
  };
  const written: Record<string, KeptFile> = {};
  for (const [name, file] of Object.entries(files)) {
    const path = `${folder}/${name}`;
    const needed = totalBytes - loadedBytes;
    written[name] = await writeFile(place, { path, file, needed, onBytes });
  }
  return written;
}

async function writeFile(
  place: WritableFiles,
  {
    path,
    file,
    needed,
    onBytes,
  }: {
    readonly path: string;
    readonly file: FileToMake;
    /** Bytes of this file and those after it. */
    readonly needed: number;
    readonly onBytes: (count: number) => void;
  },
): Promise<KeptFile> {
  const { byteLength, bytes } = file;
  // Before it is open for writing: then it cannot be read as a Blob.
  const before = (await place.blob(path)) ?? new Blob();
  const chunks = await place.openChunks(path);
  try {
    const last = Math.ceil(byteLength / CHUNK_BYTES);
    const journal = chunks.journal.slice(0, last);
    const good = await countGoodChunks(blobBytes(before), journal, () => undefined);
    const hashes = journal.slice(0, good);
    const from = Math.min(good * CHUNK_BYTES, byteLength);
    await chunks.cut({ index: good, start: from });
    await checkSpace(chunks, { from, needed });
    onBytes(from);
    const cutter = chunkCutter(async (chunk) => {
      const hash = sha256(chunk);
      const start = hashes.length * CHUNK_BYTES;
      await chunks.write(chunk, { index: hashes.length, start, hash });
      hashes.push(await hash);
      onBytes(chunk.byteLength);
    });
    for await (const part of bytes(from)) await cutter.add(part);
    await cutter.end();
    return { byteLength, hashes };
  } finally {
    await chunks.close();
  }
}

/**
 * Before anything is fetched. Browsers round their estimate and some leave the true limit out of it, so the length is tried
 * as well; where neither tells, a write fails later.
 */
async function checkSpace(
  chunks: ChunkFile,
  { from, needed }: { readonly from: number; readonly needed: number },
): Promise<void> {
  const { quota = Infinity, usage = 0 } = await navigator.storage.estimate();
  const missing = needed - from;
  let refused = missing > quota - usage;
  try {
    await chunks.tryLength(needed);
  } catch (error) {
    if ((error as Error).name !== "QuotaExceededError") throw error;
    refused = true;
  }
  if (!refused) return;
  throw new RuntimeError(
    "no-space",
    `the weights need ${missing} bytes more than this site gets from the browser, which says that ${usage} of about ${quota} are used; remove(key) of openWeightStore() frees some, and weights: "memory" keeps none`,
  );
}

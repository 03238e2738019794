// Weight files that are there: every chunk is held against its hash before a session reads them.

import { blobBytes, CHUNK_BYTES, countGoodChunks } from "./chunks.ts";
import type { KeptManifest, WeightProgress } from "./keep-order.ts";
import type { WeightBlobs } from "./protocol.ts";
import type { WritableFiles } from "./write-stored.ts";

/** Files that are what their manifest says, or in words what is wrong with them. */
export async function checkKept(
  place: WritableFiles,
  {
    folder,
    manifest,
    lengths,
    onProgress,
  }: {
    readonly folder: string;
    readonly manifest: KeptManifest;
    readonly lengths: Readonly<Record<string, number>>;
    readonly onProgress: (progress: WeightProgress) => void;
  },
): Promise<WeightBlobs | string> {
  const totalBytes = Object.values(lengths).reduce((total, length) => total + length, 0);
  let loadedBytes = 0;
  const blobs: Record<string, Blob> = {};
  for (const [name, byteLength] of Object.entries(lengths)) {
    const blob = await place.blob(`${folder}/${name}`);
    const hashes = manifest.files[name]?.hashes ?? [];
    if (blob?.size !== byteLength || hashes.length !== Math.ceil(byteLength / CHUNK_BYTES)) {
      return `${name}: expected ${byteLength} bytes, found ${blob?.size ?? "no file"}`;
    }
    const reader = await place.openReader(`${folder}/${name}`);
    const onBytes = (count: number): void => {
      loadedBytes += count;
      onProgress({ phase: "check", loadedBytes, totalBytes });
    };
    const good = await countGoodChunks(reader ?? blobBytes(blob), hashes, onBytes).finally(() =>
      reader?.close(),
    );
    if (good < hashes.length) {
      return `${name}: bytes from ${good * CHUNK_BYTES} on have another hash than when they were written`;
    }
    blobs[name] = blob;
  }
  return blobs;
}

/** Files that were just written. */
export async function openKept(
  place: WritableFiles,
  folder: string,
  files: KeptManifest["files"],
): Promise<WeightBlobs> {
  const blobs: Record<string, Blob> = {};
  for (const [name, { byteLength }] of Object.entries(files)) {
    const blob = await place.blob(`${folder}/${name}`);
    if (blob?.size !== byteLength) {
      throw new Error(`${name}: ${byteLength} bytes were written, ${blob?.size ?? 0} are there`);
    }
    blobs[name] = blob;
  }
  return blobs;
}

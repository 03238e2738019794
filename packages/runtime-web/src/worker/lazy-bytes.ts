// A weight file as ONNX Runtime wants it, one array of bytes, without the bytes. onnxruntime-web asks such an array for
// two things while it makes a session: its `byteLength`, and `subarray(start, end)` of one tensor, which it copies to
// its own memory or to the GPU at once. Here each answer is read where the file is, synchronously, as only workers can;
// so one tensor is in JavaScript's memory at a time, never the file. docs/decisions/0020.

import type { WeightBlobs } from "./protocol.ts";
import { openWritableFiles } from "./write-stored.ts";

/** Weight files for `InferenceSession.create`. */
export interface LazyFiles {
  readonly externalData: { readonly path: string; readonly data: Uint8Array }[];
  /** Once the session is made. */
  close(): void;
}

/**
 * The bytes of weight files, read where they are looked at.
 *
 * @param folder of the store, where the files are in OPFS: reading them there took a fiftieth of the time that their
 * Blobs take in Chromium 150
 */
export async function openLazyFiles(
  files: WeightBlobs,
  folder: string | undefined,
): Promise<LazyFiles> {
  const place = folder === undefined ? undefined : await openWritableFiles("opfs");
  const opened = await Promise.all(
    Object.entries(files).map(async ([path, blob]) => {
      const reader = await place?.openReader(`${folder}/${path}`);
      if (reader?.byteLength === blob.size) return { path, ...reader };
      reader?.close();
      return { path, ...blobReader(blob) };
    }),
  );
  return {
    externalData: opened.map(({ path, byteLength, read }) => ({
      path,
      data: lazyBytes(byteLength, read),
    })),
    close() {
      for (const { close } of opened) close();
    },
  };
}

function blobReader(blob: Blob): {
  readonly byteLength: number;
  read(start: number, end: number): Uint8Array;
  close(): void;
} {
  return {
    byteLength: blob.size,
    read: (start, end) =>
      new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob.slice(start, end))),
    close: () => undefined,
  };
}

/** Worth nothing to whoever reads its elements. */
function lazyBytes(
  byteLength: number,
  read: (start: number, end: number) => Uint8Array,
): Uint8Array {
  return Object.defineProperties(new Uint8Array(0), {
    byteLength: { value: byteLength },
    subarray: { value: read },
  });
}

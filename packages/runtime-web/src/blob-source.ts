// A Blob as a ByteSource: files that a user picked or dropped, files of OPFS, cached responses.

import { type ByteSource, type CheckpointDirectory, ModelError } from "@internvit/model-core";

/** A source whose bytes the browser holds. Sessions read such files in place. */
export interface BlobSource extends ByteSource {
  readonly blob: Blob;
}

/**
 * A `ByteSource` over a Blob or File.
 *
 * @throws ModelError from `read`: `invalid-argument` when the range leaves the bytes, `io` when the file behind it
 * cannot be read, as when it was changed since it was picked.
 */
export function blobSource(blob: Blob): BlobSource {
  return {
    blob,
    byteLength: blob.size,
    async read(start, end, signal) {
      signal?.throwIfAborted();
      if (!(start >= 0 && start <= end && end <= blob.size)) {
        throw new ModelError(
          "invalid-argument",
          `bytes [${start}, ${end}) were asked for, but there are ${blob.size}`,
        );
      }
      try {
        return new Uint8Array(await blob.slice(start, end).arrayBuffer());
      } catch (cause) {
        const name = blob instanceof File ? blob.name : "the Blob";
        throw new ModelError("io", `${name} cannot be read: ${(cause as Error).message}`, {
          cause,
        });
      }
    },
  };
}

/** The Blob behind a source, or undefined. */
export function blobOf(source: ByteSource): Blob | undefined {
  const { blob } = source as Partial<BlobSource>;
  return blob instanceof Blob ? blob : undefined;
}

/** A directory of files that are there as Blobs: config.json, model.safetensors, … */
export function blobDirectory(
  label: string,
  files: ReadonlyMap<string, Blob>,
): CheckpointDirectory {
  return {
    label,
    async open(name) {
      const blob = files.get(name);
      return blob === undefined ? undefined : blobSource(blob);
    },
  };
}

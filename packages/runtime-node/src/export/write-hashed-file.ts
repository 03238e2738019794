// A file that is written from beginning to end, with its SHA-256.

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

import { RuntimeError } from "../errors.ts";

/** A file of an export. */
export interface ExportedFile {
  readonly name: string;
  readonly byteLength: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** Options of `writeHashedFile`. */
export interface WriteHashedFileOptions {
  /** The file's plain name. */
  readonly name: string;
  /** The path that the file will have, for messages. */
  readonly target: string;
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes of each piece that was written. */
  readonly onBytes?: (count: number) => void;
}

/**
 * Writes a new file; its bytes are on the disk when this returns.
 *
 * @throws RuntimeError `no-space` or `io`; what `pieces` throws; the signal's reason.
 */
export async function writeHashedFile(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: WriteHashedFileOptions,
): Promise<ExportedFile> {
  const { name, target, signal, onBytes } = options;
  const written = <T>(step: Promise<T>): Promise<T> =>
    step.catch((cause: unknown) => {
      throw writeError(target, cause);
    });
  const hash = createHash("sha256");
  let byteLength = 0;
  // "wx": never writes through a link that somebody else put there.
  await using handle = await written(open(path, "wx"));
  for await (const piece of pieces) {
    signal?.throwIfAborted();
    hash.update(piece);
    for (let done = 0; done < piece.byteLength;) {
      done += (await written(handle.write(piece, done))).bytesWritten;
    }
    byteLength += piece.byteLength;
    onBytes?.(piece.byteLength);
  }
  // Before the folder gets its name: after a power failure there must be no complete name over empty blocks.
  await written(handle.sync());
  return { name, byteLength, sha256: hash.digest("hex") };
}

/** The `RuntimeError` for a path that the system did not let us write. */
export function writeError(path: string, cause: unknown): RuntimeError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new RuntimeError("no-space", `${path} cannot be written: the disk is full`, { cause });
  }
  if (code === "EFBIG") {
    const reason = "it is larger than a file may be here";
    return new RuntimeError("no-space", `${path} cannot be written: ${reason}`, { cause });
  }
  return new RuntimeError("io", `${path} cannot be written: ${message}`, { cause });
}

// Reads a picture file whole, with errors that name it.

import { readFile } from "node:fs/promises";

import { PreprocessError } from "../errors.ts";

/**
 * The bytes of a file.
 *
 * @throws PreprocessError `not-found` or `io`; the signal's reason when it is aborted.
 */
export async function readImageFile(
  path: string,
  options: { readonly signal: AbortSignal | undefined; readonly subject: string },
): Promise<Uint8Array> {
  const { signal, subject } = options;
  try {
    return await readFile(path, signal === undefined ? {} : { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new PreprocessError("not-found", `${subject}: expected an image file, found nothing`, {
        subject,
        cause,
      });
    }
    const found = code === "EISDIR" ? "found a directory" : `reading failed (${String(cause)})`;
    throw new PreprocessError("io", `${subject}: expected an image file, ${found}`, {
      subject,
      cause,
    });
  }
}

// Reads a blob whole, with errors that name it.

import { PreprocessError } from "../errors.ts";

/**
 * The bytes of a blob.
 *
 * @throws PreprocessError `not-found` for a file that has gone since it was picked, `io` for one that cannot be read or
 * has changed.
 */
export async function readBlob(blob: Blob, subject: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    if (cause instanceof Error && cause.name === "NotFoundError") {
      throw new PreprocessError("not-found", `${subject}: expected an image file, found nothing`, {
        subject,
        cause,
      });
    }
    throw new PreprocessError(
      "io",
      `${subject}: expected an image file, reading failed (${String(cause)})`,
      { subject, cause },
    );
  }
}

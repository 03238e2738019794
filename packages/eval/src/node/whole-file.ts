// Files that are there whole or not at all, also after a kill or a power failure: written beside their place, flushed
// and renamed.

import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { EvalError } from "../errors.ts";
import { ioError } from "./io-error.ts";

/**
 * Writes a file; one that is there is replaced. One process writes it at a time.
 *
 * @throws EvalError `io`, and then nothing of the file is left
 */
export async function writeWholeFile(path: string, content: string | Uint8Array): Promise<void> {
  const part = `${path}.part`;
  try {
    try {
      {
        await using handle = await open(part, "w");
        await handle.writeFile(content);
        await handle.sync();
      }
      await rename(part, path);
    } catch (cause) {
      await rm(part, { force: true }).catch(() => undefined);
      throw cause;
    }
    await syncFolder(dirname(path));
  } catch (cause) {
    throw ioError(`${path} cannot be written`, { subject: path, cause });
  }
}

/** Makes a new name survive a power failure; Windows cannot open folders, and needs no flush for it. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using handle = await open(path, "r");
  await handle.sync();
}

/** Bytes that are read at once: Node's own `readFile` ends at 2 GiB, and a head with its encoder may be larger. */
const PART = 1 << 28;

/**
 * The bytes of a file.
 *
 * @throws EvalError `not-found`, `io`
 */
export async function readWholeFile(
  path: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    await using handle = await open(path, "r");
    const { size } = await handle.stat();
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(bytes, at, Math.min(PART, size - at), at);
      if (bytesRead === 0) throw new Error(`it ends at byte ${at} of ${size}`);
      at += bytesRead;
    }
    return bytes;
  } catch (cause) {
    signal?.throwIfAborted();
    throw ioError(`${path} cannot be read`, { subject: path, cause });
  }
}

/**
 * The JSON in a file.
 *
 * @throws EvalError `not-found`, `io`, or `invalid-data` for what is no JSON
 */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw ioError(`${path} cannot be read`, { subject: path, cause });
  });
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new EvalError("invalid-data", `${path}: expected JSON: ${(cause as Error).message}`, {
      subject: path,
      cause,
    });
  }
}

// A file as a ByteSource. The handle is opened at each read and closed after it: a checkpoint has few reads (headers,
// configs, single tensors; the weights themselves are mapped by ONNX Runtime), and nothing is left open.

import { open, stat } from "node:fs/promises";

import type { ByteSource } from "@internvit/model-core";

import { RuntimeError } from "./errors.ts";

/**
 * A `ByteSource` over a regular file, or undefined when there is no such file.
 *
 * @throws RuntimeError `io` when it is there but cannot be read, or is not a regular file.
 */
export async function fileSource(path: string): Promise<ByteSource | undefined> {
  let byteLength: number;
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new RuntimeError("io", `${path} is not a regular file`);
    byteLength = found.size;
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new RuntimeError("io", `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return {
    byteLength,
    read: (start, end, signal) => readRange(path, { start, end, signal }),
  };
}

async function readRange(
  path: string,
  range: {
    readonly start: number;
    readonly end: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Uint8Array> {
  const { start, end, signal } = range;
  signal?.throwIfAborted();
  const bytes = new Uint8Array(end - start);
  try {
    await using handle = await open(path);
    let done = 0;
    while (done < bytes.byteLength) {
      const { bytesRead } = await handle.read(bytes, done, bytes.byteLength - done, start + done);
      signal?.throwIfAborted();
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    if (done < bytes.byteLength) {
      throw new RuntimeError(
        "io",
        `${path} ends at byte ${start + done}, but bytes [${start}, ${end}) were asked for: was it truncated while in use?`,
      );
    }
  } catch (cause) {
    if (signal?.aborted === true || cause instanceof RuntimeError) throw cause;
    throw new RuntimeError("io", `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return bytes;
}

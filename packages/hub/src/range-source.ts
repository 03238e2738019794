// A file on a server as a ByteSource: every read is a range request, but for the front of the file, which is kept.

import type { ByteSource } from "@internvit/model-core";

import type { HubConnection } from "./connection.ts";
import { HubError } from "./errors.ts";
import { fileSubject, openRange, type RemoteFile } from "./http-range.ts";
import { withRetries } from "./retry.ts";

/**
 * Fetched at the first read near the start of a file: the length of a safetensors header, the header of an encoder
 * (some 40 KB) and most configs are then one request.
 */
const HEAD_BYTES = 2 ** 17;

/** Reads of a file whose size is known. They reject as `openRange`. */
export function rangeSource(
  file: RemoteFile,
  defaults: { readonly connection: HubConnection; readonly signal: AbortSignal | undefined },
): ByteSource {
  const { connection } = defaults;
  const byteLength = file.size;
  let { etag } = file;
  let head: Uint8Array | undefined;

  const fetchRange = (start: number, end: number, signal: AbortSignal | undefined) =>
    withRetries(
      async () => {
        const answer = await openRange(file, {
          connection,
          signal,
          etag,
          start,
          end,
          // The commit is fixed, so a change is a fault of the server; the ETag of every answer is compared.
          conditional: false,
        });
        etag ??= answer.etag;
        try {
          const bytes = new Uint8Array(end - start);
          let position = 0;
          for await (const block of answer.blocks) {
            bytes.set(block, position);
            position += block.byteLength;
          }
          return bytes;
        } finally {
          answer.close();
        }
      },
      { connection, signal },
    );

  return {
    byteLength,
    ...(file.version === undefined ? {} : { version: file.version }),
    async read(start, end, signal = defaults.signal) {
      signal?.throwIfAborted();
      if (!(start >= 0 && start <= end && end <= byteLength)) {
        const text = `${fileSubject(file)}: bytes [${start}, ${end}) were asked for, but there are ${byteLength}`;
        throw new HubError("invalid-argument", text);
      }
      if (start === end) return new Uint8Array(0);
      if (end > HEAD_BYTES) return fetchRange(start, end, signal);
      head ??= await fetchRange(0, Math.min(HEAD_BYTES, byteLength), signal);
      return head.subarray(start, end);
    },
  };
}

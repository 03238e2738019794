// A repository as a directory of a checkpoint whose files are read by byte ranges: `readCheckpoint` over it opens a
// 20 GB model with a few hundred kilobytes of traffic. It is pinned to a commit when it is made.

import type { ByteSource, CheckpointDirectory } from "@internvit/model-core";

import { type HubConnection, type HubOptions, toConnection } from "./connection.ts";
import { HubError } from "./errors.ts";
import { fileSubject, openRange, type RemoteFile } from "./http-range.ts";
import type { ModelReference } from "./model-reference.ts";
import { withRetries } from "./retry.ts";
import { type HubRevision, requestRevision } from "./revision.ts";

/**
 * Fetched at the first read near the start of a file: the length of a safetensors header, the header of an encoder
 * (some 40 KB) and most configs are then one request.
 */
const HEAD_BYTES = 2 ** 17;

/** A repository on the hub, readable like a folder. */
export interface HubDirectory extends CheckpointDirectory {
  readonly revision: HubRevision;
}

/**
 * Opens a repository for reading in place.
 *
 * @throws HubError as `getRevision`; reads reject with `changed`, `network` or `unsupported` (no byte ranges).
 */
export async function hubDirectory(
  reference: ModelReference,
  options: HubOptions = {},
): Promise<HubDirectory> {
  const connection = toConnection(options);
  const revision = await requestRevision(reference, { connection, signal: options.signal });
  return openRevision(revision, { connection, signal: options.signal });
}

/** The directory of a revision that is known already. */
export function openRevision(
  revision: HubRevision,
  options: { readonly connection: HubConnection; readonly signal: AbortSignal | undefined },
): HubDirectory {
  const { repository, commit } = revision;
  return {
    label: `${repository}@${commit.slice(0, 8)}`,
    revision,
    async open(name) {
      const file = revision.files.find((file) => file.name === name);
      return file === undefined
        ? undefined
        : rangeSource({ repository, commit, name, size: file.size }, options);
    },
  };
}

function rangeSource(
  file: RemoteFile,
  defaults: { readonly connection: HubConnection; readonly signal: AbortSignal | undefined },
): ByteSource {
  const { connection } = defaults;
  const byteLength = file.size;
  let etag: string | undefined;
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

// A repository as a directory of a checkpoint whose files are read by byte ranges: `readCheckpoint` over it opens a
// 20 GB model with a few hundred kilobytes of traffic. It is pinned to a commit when it is made.

import type { CheckpointDirectory } from "@internvit/model-core";

import { type HubConnection, type HubOptions, toConnection } from "./connection.ts";
import type { ModelReference } from "./model-reference.ts";
import { rangeSource } from "./range-source.ts";
import { type HubRevision, requestRevision } from "./revision.ts";

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

// A repository as a directory of a checkpoint whose files are read by byte ranges: `readCheckpoint` over it opens a
// 20 GB model with a few hundred kilobytes of traffic. It is pinned to a commit when its first file is opened, so that
// it can be named where there is no network: a page then starts from what it has kept of it.

import type { CheckpointDirectory } from "@internvit/model-core";

import { type HubConnection, type HubOptions, toConnection } from "./connection.ts";
import { checkReference, formatModelReference, type ModelReference } from "./model-reference.ts";
import { rangeSource } from "./range-source.ts";
import { type HubFile, type HubRevision, requestRevision } from "./revision.ts";

/** A repository on the hub, readable like a folder. */
export interface HubDirectory extends CheckpointDirectory {
  /** The reference, and the commit once that is known. */
  readonly label: string;
  readonly address: string;
  /**
   * The revision that all files are read of; asked for once.
   *
   * @throws HubError as `getRevision`
   */
  revision(): Promise<HubRevision>;
}

/**
 * A repository for reading in place. Nothing is requested until a file is opened.
 *
 * @throws HubError `invalid-argument` for a reference that is none; `open` rejects as `getRevision`, and reads with
 *   `changed`, `network` or `unsupported` (no byte ranges).
 */
export function hubDirectory(reference: ModelReference, options: HubOptions = {}): HubDirectory {
  checkReference(reference);
  const connection = toConnection(options);
  const { signal } = options;
  let asked: Promise<HubRevision> | undefined;
  let label = formatModelReference(reference);
  const revision = async (): Promise<HubRevision> => {
    asked ??= requestRevision(reference, { connection, signal });
    try {
      const found = await asked;
      ({ label } = openRevision(found, { connection, signal }));
      return found;
    } catch (error) {
      // The next one asks again.
      asked = undefined;
      throw error;
    }
  };
  return {
    get label() {
      return label;
    },
    address: `${connection.endpoint}/${reference.repository}@${reference.revision}`,
    revision,
    async open(name) {
      return openRevision(await revision(), { connection, signal }).open(name);
    },
  };
}

/** The directory of a revision that is known already. */
export function openRevision(
  { repository, commit, files }: HubRevision,
  options: { readonly connection: HubConnection; readonly signal: AbortSignal | undefined },
): CheckpointDirectory {
  return {
    label: `${repository}@${commit.slice(0, 8)}`,
    async open(name) {
      const file = files.find((file) => file.name === name);
      if (file === undefined) return undefined;
      const { size } = file;
      return rangeSource({ repository, commit, name, size, version: versionOf(file) }, options);
    },
  };
}

function versionOf({ sha256, gitSha1 }: HubFile): string {
  return sha256 === undefined ? `git:${gitSha1}` : `sha256:${sha256}`;
}

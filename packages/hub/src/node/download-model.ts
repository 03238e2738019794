// From a model's name to a folder that can be opened as a checkpoint. What is in the cache already is used, whoever
// put it there; then the hub is asked what the revision is, and what is missing of it is fetched (fetch-model.ts).

import { join } from "node:path";

import { HubError, isHubError } from "../errors.ts";
import { checkReference, isCommit, type ModelReference } from "../model-reference.ts";
import { type HubRevision, requestRevision } from "../revision.ts";
import { offlineError, withAdvice } from "./advice.ts";
import { repositoryFolder, writeRef } from "./cache-layout.ts";
import { findAtCommit, findCachedModel } from "./cached-model.ts";
import { fileSize } from "./disk.ts";
import { type ExtractRecord, readExtractRecord } from "./extract-record.ts";
import { fetchModel } from "./fetch-model.ts";
import type { DownloadContext } from "./fetch-target.ts";
import { connectionOf, createHubFetch, type Patience } from "./hub-fetch.ts";
import { CONFIG, INDEX, PREPROCESSOR_CONFIG, weightFilesIn } from "./model-files.ts";
import { createProgress, type DownloadProgress } from "./progress.ts";
import type { ModelParts } from "./select-tensors.ts";
import { hubSettings, type HubSettings } from "./settings.ts";

/** Options of `downloadModel`. */
export interface DownloadOptions extends Patience {
  /** Default those of the environment. */
  readonly settings?: HubSettings;
  /** Default `encoder`. */
  readonly parts?: ModelParts;
  /** Requests at a time, at least 1; default 4. */
  readonly connections?: number;
  /** Bytes of one request, which are also what a kill may lose per connection; default 16 MiB. */
  readonly chunkBytes?: number;
  /** Told at most every 100 ms, and at the end of each file. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
}

/** A model on this machine. */
export interface DownloadedModel {
  /** A folder with config.json and weights: a snapshot of the cache, or an extract. */
  readonly path: string;
  /** 40 hex digits. */
  readonly commit: string;
  /** What the checkpoint consists of; sizes in bytes. */
  readonly files: readonly { readonly name: string; readonly size: number }[];
  /**
   * File contents that came over the network, in bytes, without the headers that were looked at first; 0 when all was
   * in the cache.
   */
  readonly bytesDownloaded: number;
  /** True when the folder holds only some of the model's tensors. */
  readonly isExtract: boolean;
  /** False when the hub could not be reached and what the cache knew of the revision was used. */
  readonly revisionChecked: boolean;
}

/**
 * Makes sure that a model is on this machine and says where. A download that was interrupted, at whatever byte, goes
 * on where it was.
 *
 * @throws HubError; ModelError when the repository's configuration or tensors are not an encoder that model-core
 *   knows; the signal's reason when it is aborted.
 */
export async function downloadModel(
  reference: ModelReference,
  options: DownloadOptions = {},
): Promise<DownloadedModel> {
  checkReference(reference);
  const { settings = hubSettings(), parts = "encoder", connections = 4, signal } = options;
  const { chunkBytes = 16 * 2 ** 20 } = options;
  checkCount("connections", connections);
  checkCount("chunkBytes", chunkBytes);
  signal?.throwIfAborted();
  const folder = repositoryFolder(settings.cacheDirectory, reference.repository);
  const cached = await findCachedModel(reference, { settings, parts });
  if (cached !== undefined && (isCommit(reference.revision) || settings.offline)) {
    return describe(cached, { bytes: 0, revisionChecked: isCommit(reference.revision) });
  }
  if (settings.offline) throw offlineError(reference, settings);

  await using http = createHubFetch(settings);
  const connection = connectionOf(settings, { ...options, fetch: http.fetch });
  const traffic = { bytes: 0 };
  for (let restarts = 0; ; restarts++) {
    let revision: HubRevision;
    try {
      revision = await requestRevision(reference, { connection, signal });
    } catch (error) {
      // Without an answer (no status, or a failing server), what is there is better than nothing.
      const noAnswer = isHubError(error) && error.code === "network";
      if (!noAnswer || cached === undefined) throw withAdvice(error);
      return describe(cached, { bytes: 0, revisionChecked: false });
    }
    const { repository, commit } = revision;
    const context: DownloadContext = {
      folder,
      repository,
      commit,
      connection,
      connections,
      chunkBytes,
      traffic,
      signal,
      symlinks: settings.symlinks,
      progress: createProgress(options.onProgress),
    };
    try {
      const path =
        (await findAtCommit(folder, { commit, parts })) ??
        (await fetchModel(revision, { parts, context }));
      await writeRef(folder, { revision: reference.revision, commit });
      return await describe(path, { bytes: traffic.bytes, revisionChecked: true });
    } catch (error) {
      // A file that is not what the listing said: the listing may be old by now. A second time it is the server.
      const changed = isHubError(error) && error.code === "changed";
      if (!changed || restarts > 0) throw withAdvice(error);
    }
  }
}

async function describe(
  path: string,
  { bytes, revisionChecked }: { readonly bytes: number; readonly revisionChecked: boolean },
): Promise<DownloadedModel> {
  const record: ExtractRecord | undefined = await readExtractRecord(path);
  const names = record?.files.map(({ name }) => name) ?? [
    CONFIG,
    PREPROCESSOR_CONFIG,
    INDEX,
    ...((await weightFilesIn(path)) ?? []),
  ];
  const files: { name: string; size: number }[] = [];
  for (const name of names) {
    const size = await fileSize(join(path, name));
    if (size !== undefined) files.push({ name, size });
  }
  const commit = record?.commit ?? path.split(/[/\\]/).at(-1) ?? "";
  return {
    path,
    commit,
    files,
    bytesDownloaded: bytes,
    isExtract: record !== undefined,
    revisionChecked,
  };
}

function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new HubError("invalid-argument", `${name}: expected a whole number from 1, found ${value}`);
}

// What of a model is in the cache, without asking the hub.

import { join } from "node:path";

import { checkReference, type ModelReference } from "../model-reference.ts";
import { cachedCommit, repositoryFolder, snapshotFolder } from "./cache-layout.ts";
import { fileSize } from "./disk.ts";
import { extractFolder } from "./extract.ts";
import { isWholeExtract } from "./extract-record.ts";
import { CONFIG, weightFilesIn } from "./model-files.ts";
import { readRevisionRecord } from "./revision-record.ts";
import type { ModelParts } from "./select-tensors.ts";
import { hubSettings, type HubSettings } from "./settings.ts";

/** Options of `findCachedModel`. */
export interface FindCachedOptions {
  /** Default those of the environment. */
  readonly settings?: HubSettings;
  /** Default `encoder`. */
  readonly parts?: ModelParts;
}

/** Which extracts serve a wish. */
const SERVED_BY: Readonly<Record<ModelParts, readonly ModelParts[]>> = {
  encoder: ["encoder", "encoder-and-projector"],
  "encoder-and-projector": ["encoder-and-projector"],
  everything: [],
};

/**
 * The folder of a model that is in the cache, whoever put it there, or undefined. Nothing is read but names, sizes and
 * the shard index.
 *
 * @throws HubError `io` when the cache cannot be read; `invalid-argument` for an unsafe reference.
 */
export async function findCachedModel(
  reference: ModelReference,
  { settings = hubSettings(), parts = "encoder" }: FindCachedOptions = {},
): Promise<string | undefined> {
  checkReference(reference);
  const folder = repositoryFolder(settings.cacheDirectory, reference.repository);
  const commit = await cachedCommit(folder, reference);
  return commit === undefined ? undefined : findAtCommit(folder, { commit, parts });
}

/** `findCachedModel` for a commit in the folder of a repository. */
export async function findAtCommit(
  folder: string,
  { commit, parts }: { readonly commit: string; readonly parts: ModelParts },
): Promise<string | undefined> {
  if (await isCompleteSnapshot(folder, commit)) return snapshotFolder(folder, commit);
  for (const served of SERVED_BY[parts]) {
    const path = extractFolder(folder, { commit, parts: served });
    if (await isWholeExtract(path)) return path;
  }
  return undefined;
}

async function isCompleteSnapshot(folder: string, commit: string): Promise<boolean> {
  const path = snapshotFolder(folder, commit);
  if ((await fileSize(join(path, CONFIG))) === undefined) return false;
  const weights = await weightFilesIn(path);
  if (weights === undefined) return false;
  const listed = await readRevisionRecord(folder, commit);
  for (const name of [CONFIG, ...weights]) {
    const size = await fileSize(join(path, name));
    if (size === undefined || size !== (listed.get(name)?.size ?? size)) return false;
  }
  return true;
}

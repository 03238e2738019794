// A whole file of a repository into the cache, checked against the hash that the hub lists.

import { join } from "node:path";

import { HubError } from "../errors.ts";
import type { RemoteFile } from "../http-range.ts";
import type { HubFile } from "../revision.ts";
import { blobName, findBlob, placeInSnapshot, snapshotFolder } from "./cache-layout.ts";
import { asOwner, type DownloadContext, fetchTarget } from "./fetch-target.ts";
import { createFileHash } from "./front-hash.ts";
import { planWholeFile } from "./transfer-plan.ts";

/**
 * Makes sure that a file is in the snapshot of its commit, and downloads it when its bytes are nowhere in the cache.
 *
 * @throws HubError `mismatch` when the bytes that came do not have the listed hash; they are removed.
 */
export async function downloadFile(file: HubFile, context: DownloadContext): Promise<void> {
  const { folder, commit, symlinks } = context;
  const key = blobName(file);
  const path = join(snapshotFolder(folder, commit), ...file.name.split("/"));
  const find = async (): Promise<true | undefined> => {
    const found = await findBlob(folder, { commit, file });
    if (found === undefined) return undefined;
    if (found !== path) await placeInSnapshot(found, { path, isNew: false, symlinks });
    return true;
  };
  if ((await find()) === true) {
    context.progress.start(file.name, file.size).finish();
    return;
  }
  await asOwner({ key, name: file.name, total: file.size }, context, {
    find,
    async make(signal) {
      const blob = join(folder, "blobs", key);
      await fetchTarget(await targetOf(file, context, blob), { ...context, signal });
      // Linked while the lock is held: where links cannot be made the blob moves, and others must not miss it.
      await placeInSnapshot(blob, { path, isNew: true, symlinks });
      return true;
    },
  });
}

async function targetOf(
  file: HubFile,
  { repository, commit, chunkBytes }: DownloadContext,
  path: string,
): Promise<Parameters<typeof fetchTarget>[0]> {
  const remote: RemoteFile = { repository, commit, name: file.name, size: file.size };
  return {
    key: blobName(file),
    name: file.name,
    path,
    plan: planWholeFile(remote, { chunkBytes }),
    hash: createFileHash(file),
    check({ digest }) {
      const expected = blobName(file);
      if (digest === expected) return;
      const kind = file.sha256 === undefined ? "git SHA-1" : "SHA-256";
      throw new HubError(
        "mismatch",
        `${repository}: ${file.name}: expected the ${kind} ${expected} that the hub lists, found ${digest}: wrong bytes came over the network or are on the disk. They were removed; the next try starts from the beginning`,
      );
    },
  };
}

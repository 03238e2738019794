// Checks a model and downloads again what is wrong.

import { realpath, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { checkReference, type ModelReference } from "../model-reference.ts";
import { cachedCommit, repositoryFolder } from "./cache-layout.ts";
import { type DownloadedModel, downloadModel, type DownloadOptions } from "./download-model.ts";
import { findDamaged } from "./expected-files.ts";
import { EXTRACT_RECORD } from "./extract-record.ts";
import { hubSettings } from "./settings.ts";
import { verifyModel } from "./verify.ts";

/**
 * Checks a model, removes what is wrong, and downloads that again. A model that is right, or that is not there yet, is
 * simply what `downloadModel` gives.
 */
export async function repairModel(
  reference: ModelReference,
  options: DownloadOptions = {},
): Promise<DownloadedModel> {
  const { settings = hubSettings(), parts = "encoder", signal } = options;
  checkReference(reference);
  const folder = repositoryFolder(settings.cacheDirectory, reference.repository);
  const commit = await cachedCommit(folder, reference);
  const path = commit === undefined ? undefined : await findDamaged(folder, { commit, parts });
  if (path !== undefined) {
    const { files } = await verifyModel(path, signal === undefined ? {} : { signal });
    for (const { path: file, state } of files) {
      if (state === "ok" || state === "unknown" || state === "missing") continue;
      // The blob, and the link to it.
      const real = await realpath(file).catch(() => file);
      await rm(real, { force: true });
      await rm(file, { force: true });
      await rm(join(dirname(file), EXTRACT_RECORD), { force: true });
    }
  }
  return downloadModel(reference, options);
}

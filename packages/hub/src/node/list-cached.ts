// What the cache holds.

import { readdir } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";

import { isCommit } from "../model-reference.ts";
import { repositoryOf } from "./cache-layout.ts";
import { findAtCommit } from "./cached-model.ts";
import { diskError, fileSize, isMissing, readText } from "./disk.ts";
import { CONFIG, PREPROCESSOR_CONFIG, weightFilesIn } from "./model-files.ts";
import type { ModelParts } from "./select-tensors.ts";
import { hubSettings, type HubSettings } from "./settings.ts";

/** A model that can be opened without a network. */
export interface CachedModel {
  readonly repository: string;
  readonly commit: string;
  /** Branches and tags that the cache knows to be this commit. */
  readonly revisions: readonly string[];
  /** How much of the model is there. */
  readonly parts: ModelParts;
  readonly path: string;
  /** Of configuration and weights. */
  readonly byteLength: number;
}

/** Every complete safetensors checkpoint in the cache, of whatever architecture; sorted by repository. */
export async function listCachedModels(
  settings: HubSettings = hubSettings(),
): Promise<readonly CachedModel[]> {
  const models: CachedModel[] = [];
  for (const name of (await names(settings.cacheDirectory)).sort()) {
    const repository = repositoryOf(name);
    if (repository === undefined) continue;
    const folder = join(settings.cacheDirectory, name);
    const refs = await readRefs(join(folder, "refs"));
    const commits = new Set([
      ...(await names(join(folder, "snapshots"))),
      ...(await names(join(folder, ".internvit"))),
    ]);
    for (const commit of [...commits].filter(isCommit).sort()) {
      const revisions = refs.filter((ref) => ref.commit === commit).map((ref) => ref.name);
      for (const { parts, path } of await foldersAt(folder, commit)) {
        const byteLength = await sizeOf(path);
        models.push({ repository, commit, revisions, parts, path, byteLength });
      }
    }
  }
  return models;
}

async function foldersAt(
  folder: string,
  commit: string,
): Promise<readonly { readonly parts: ModelParts; readonly path: string }[]> {
  const whole = await findAtCommit(folder, { commit, parts: "everything" });
  if (whole !== undefined) return [{ parts: "everything", path: whole }];
  const found = new Set<string>();
  for (const parts of ["encoder-and-projector", "encoder"] as const) {
    const path = await findAtCommit(folder, { commit, parts });
    if (path !== undefined) found.add(path);
  }
  return Array.from(found, (path) => ({ path, parts: basename(path) as ModelParts }));
}

async function sizeOf(path: string): Promise<number> {
  let total = 0;
  for (const name of [CONFIG, PREPROCESSOR_CONFIG, ...((await weightFilesIn(path)) ?? [])]) {
    total += (await fileSize(join(path, name))) ?? 0;
  }
  return total;
}

async function readRefs(
  folder: string,
): Promise<readonly { readonly name: string; readonly commit: string }[]> {
  const refs: { name: string; commit: string }[] = [];
  for (const name of await names(folder, { recursive: true })) {
    const path = join(folder, name);
    if ((await fileSize(path)) === undefined) continue;
    const commit = (await readText(path))?.trim() ?? "";
    refs.push({ name: relative(folder, path).replaceAll(sep, "/"), commit });
  }
  return refs;
}

async function names(
  folder: string,
  options: { readonly recursive?: boolean } = {},
): Promise<string[]> {
  try {
    return await readdir(folder, options);
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw diskError(cause, `${folder} cannot be listed`);
  }
}

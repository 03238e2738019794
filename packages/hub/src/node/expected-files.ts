// What a model on this machine should consist of, as far as it is noted here: in the record of an extract, in the note
// that a download leaves, or in the names of the cache's blobs.

import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import type { HubFile } from "../revision.ts";
import { snapshotFolder } from "./cache-layout.ts";
import { findAtCommit } from "./cached-model.ts";
import { fileSize } from "./disk.ts";
import { extractFolder } from "./extract.ts";
import { readExtractRecord } from "./extract-record.ts";
import { CONFIG, INDEX, PREPROCESSOR_CONFIG, weightFilesIn } from "./model-files.ts";
import { readRevisionRecord } from "./revision-record.ts";
import type { ModelParts } from "./select-tensors.ts";

/** The folder of a model in the cache, complete or damaged; undefined when nothing of its weights is there. */
export async function findDamaged(
  folder: string,
  { commit, parts }: { readonly commit: string; readonly parts: ModelParts },
): Promise<string | undefined> {
  const complete = await findAtCommit(folder, { commit, parts });
  if (complete !== undefined) return complete;
  const snapshot = snapshotFolder(folder, commit);
  const noted = await readRevisionRecord(folder, commit);
  if ([...noted.keys()].some((name) => name.endsWith(".safetensors"))) return snapshot;
  if (parts !== "everything") {
    for (const some of new Set([parts, "encoder-and-projector"] as const)) {
      const path = extractFolder(folder, { commit, parts: some });
      if ((await readExtractRecord(path)) !== undefined) return path;
    }
  }
  return (await weightFilesIn(snapshot)) === undefined ? undefined : snapshot;
}

/** Facts about a file; not all need be known. */
export type ExpectedFile = Omit<HubFile, "name" | "size"> & { readonly size?: number };

/** The files that a folder should have, each with its hash where one is known. */
export async function expectedFiles(
  path: string,
): Promise<ReadonlyMap<string, ExpectedFile | undefined>> {
  const record = await readExtractRecord(path);
  if (record !== undefined) return new Map(record.files.map((file) => [file.name, file]));
  const inCache = basename(dirname(path)) === "snapshots";
  const noted = inCache
    ? await readRevisionRecord(dirname(dirname(path)), basename(path))
    : new Map<string, HubFile>();
  const names = new Set([CONFIG, ...noted.keys()]);
  for (const name of [PREPROCESSOR_CONFIG, INDEX]) {
    if ((await fileSize(join(path, name))) !== undefined) names.add(name);
  }
  for (const name of (await weightFilesIn(path)) ?? []) names.add(name);
  const expected = new Map<string, ExpectedFile | undefined>();
  for (const name of names) expected.set(name, noted.get(name) ?? (await fromBlob(path, name)));
  return expected;
}

async function fromBlob(path: string, name: string): Promise<ExpectedFile | undefined> {
  const real = await realpath(join(path, name)).catch(() => undefined);
  if (real === undefined || basename(dirname(real)) !== "blobs") return undefined;
  const blob = basename(real);
  if (/^[0-9a-f]{64}$/.test(blob)) return { sha256: blob };
  return /^[0-9a-f]{40}$/.test(blob) ? { gitSha1: blob } : undefined;
}

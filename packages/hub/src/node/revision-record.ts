// Size and hash of a snapshot's files as the hub listed them when they were downloaded: what `verifyModel` compares
// with, without a network. The names of blobs tell the hashes too, but not where links could not be made.

import { join } from "node:path";

import { z } from "zod";

import type { HubFile } from "../revision.ts";
import { ownFolder } from "./cache-layout.ts";
import { readText, writeWhole } from "./disk.ts";

const schema = z.object({
  version: z.literal(1),
  files: z.array(
    z.object({
      name: z.string(),
      size: z.int().nonnegative(),
      sha256: z.string().optional(),
      gitSha1: z.string().optional(),
    }),
  ),
});

/** The files that were downloaded of a commit, by name; empty when nothing is noted. */
export async function readRevisionRecord(
  folder: string,
  commit: string,
): Promise<ReadonlyMap<string, HubFile>> {
  const text = await readText(join(ownFolder(folder, commit), "files.json"));
  try {
    const { files } = schema.parse(JSON.parse(text ?? ""));
    return new Map(
      files.map(({ name, size, sha256, gitSha1 }) => [
        name,
        {
          name,
          size,
          ...(sha256 === undefined ? {} : { sha256 }),
          ...(gitSha1 === undefined ? {} : { gitSha1 }),
        },
      ]),
    );
  } catch {
    return new Map();
  }
}

/** Adds files to what is noted of a commit. */
export async function noteRevisionFiles(
  folder: string,
  { commit, files }: { readonly commit: string; readonly files: readonly HubFile[] },
): Promise<void> {
  const known = new Map(await readRevisionRecord(folder, commit));
  if (files.every((file) => known.get(file.name)?.size === file.size)) return;
  for (const file of files) known.set(file.name, file);
  const record = { version: 1, files: [...known.values()] };
  const path = join(ownFolder(folder, commit), "files.json");
  await writeWhole(path, `${JSON.stringify(record, undefined, 2)}\n`);
}

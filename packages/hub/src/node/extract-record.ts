// What an extract is, in a file of its own beside it. The record is written last: without one the folder is not used.

import { join } from "node:path";

import { z } from "zod";

import { fileSize, readText, writeWhole } from "./disk.ts";

/** Name of the record in the folder of an extract. */
export const EXTRACT_RECORD = "internvit-extract.json";

/** An extract's origin, and size and hash of each of its files. */
export interface ExtractRecord {
  readonly version: 1;
  readonly repository: string;
  readonly commit: string;
  readonly parts: "encoder" | "encoder-and-projector";
  readonly files: readonly {
    readonly name: string;
    readonly size: number;
    readonly sha256: string;
  }[];
  /** The weight files that it was made of. */
  readonly sources: readonly {
    readonly name: string;
    readonly size: number;
    readonly etag: string | null;
  }[];
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const schema = z.object({
  version: z.literal(1),
  repository: z.string(),
  commit: z.string(),
  parts: z.enum(["encoder", "encoder-and-projector"]),
  files: z.array(
    z.object({
      name: z.string().regex(/^[\w][\w.-]*$/),
      size: z.int().nonnegative(),
      sha256,
    }),
  ),
  sources: z.array(z.object({ name: z.string(), size: z.int(), etag: z.string().nullable() })),
});

/** The record in a folder, or undefined when it has none that this version can read. */
export async function readExtractRecord(folder: string): Promise<ExtractRecord | undefined> {
  const text = await readText(join(folder, EXTRACT_RECORD));
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // Of another version, or damaged: the extract is made anew.
    return undefined;
  }
}

/** Writes the record. */
export async function writeExtractRecord(folder: string, record: ExtractRecord): Promise<void> {
  await writeWhole(join(folder, EXTRACT_RECORD), `${JSON.stringify(record, undefined, 2)}\n`);
}

/** True when a folder holds an extract whose files all have their sizes. */
export async function isWholeExtract(folder: string): Promise<boolean> {
  const record = await readExtractRecord(folder);
  if (record === undefined) return false;
  for (const { name, size } of record.files) {
    if ((await fileSize(join(folder, name))) !== size) return false;
  }
  return true;
}

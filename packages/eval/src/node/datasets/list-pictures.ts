// The list of a set's pictures, whatever its layout. Folders, lists and CSVs are listed at each opening: names are quickly
// read, and nothing can be out of date. Archives have to be read through, so their list is kept, under a name that is
// made of what was listed: each file's path, size and time of change, and the classes that its labels were looked up in.

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { EvalError } from "../../errors.ts";
import type { ClassNames } from "./class-names.ts";
import { listCsv } from "./csv-file.ts";
import { type EntryFile, openEntryFile } from "./entry-file.ts";
import { createEntryWriter, type EntryTarget } from "./entry-writer.ts";
import { createFileStore } from "./file-store.ts";
import type { FoundLayout } from "./find-layout.ts";
import { listImageFolder } from "./image-folder.ts";
import { ioError } from "../io-error.ts";
import type { Listing, ListingOptions } from "./listing.ts";
import { createParquetStore, listParquet } from "./parquet-shards.ts";
import { listPictureList, listUnlabelled } from "./picture-list.ts";
import type { PictureStore } from "./stored-set.ts";
import { createTarStore, listWebDataset } from "./web-dataset.ts";

/** Options of `listPictures`. */
export interface ListPicturesOptions extends Omit<ListingOptions, "writer"> {
  /** What labels are looked up in; undefined for the classes that the set itself has. */
  readonly names: ClassNames | undefined;
  /** Folder for lists. */
  readonly cache?: string | undefined;
}

/** A set's pictures, and what was found with them. */
export interface ListedPictures extends Listing {
  readonly entries: EntryFile;
}

/** Where lists of archives are kept in the cache. */
const FOLDER = "picture-lists";

const factsSchema: z.ZodType<Listing> = z.object({
  classes: z.array(z.string()),
  passedOver: z.object({ count: z.number(), examples: z.array(z.string()) }),
});

/**
 * Lists the pictures.
 *
 * @throws EvalError as the readers of the layouts do; `not-found` where there are no pictures
 */
export async function listPictures(
  found: FoundLayout,
  options: ListPicturesOptions,
): Promise<ListedPictures> {
  const target = await chooseTarget(found, options);
  const kept = "path" in target ? await openEntryFile(target) : undefined;
  const facts = factsSchema.safeParse(kept?.facts);
  if (kept !== undefined && facts.success) return { entries: kept, ...facts.data };
  await kept?.close();
  await using writer = await createEntryWriter(target);
  const listing = await list(found, { ...options, writer });
  if (writer.length === 0) {
    throw new EvalError("not-found", `${found.folder}: expected pictures, found none`, {
      subject: found.folder,
    });
  }
  return { entries: await writer.finish(listing), ...listing };
}

/** Finds the bytes of the pictures of a layout. */
export function createStore({ layout, folder, files }: FoundLayout): PictureStore {
  switch (layout) {
    case "parquet":
      return createParquetStore({ shards: files });
    case "tar":
      return createTarStore({ shards: files });
    default:
      return createFileStore(folder);
  }
}

function list(
  { layout, folder, files }: FoundLayout,
  options: ListingOptions & { readonly names: ClassNames | undefined },
): Promise<Listing> {
  const [file] = files;
  switch (layout) {
    case "folders":
      return listImageFolder(folder, options);
    case "list":
      return file === undefined
        ? listUnlabelled(folder, options)
        : listPictureList(file, { ...options, folder });
    case "csv":
      return listCsv(file ?? folder, options);
    case "parquet":
      return listParquet(files, options);
    case "tar":
      return listWebDataset(files, { ...options, folder });
  }
}

async function chooseTarget(
  { layout, folder, files }: FoundLayout,
  { cache, names }: ListPicturesOptions,
): Promise<EntryTarget> {
  if (cache === undefined || (layout !== "parquet" && layout !== "tar")) return { folder: cache };
  const hash = createHash("sha256").update(
    JSON.stringify([layout, folder, names?.kind, names?.classes]),
  );
  for (const path of files) hash.update(await describeFile(path));
  // Beside tar files there may be the names of their classes.
  const beside = join(folder, "classes.txt");
  hash.update(await describeFile(beside).catch(() => "none"));
  const source = hash.digest("hex");
  return { path: join(cache, FOLDER, `${source.slice(0, 32)}.jsonl`), source };
}

async function describeFile(path: string): Promise<string> {
  const { size, mtimeNs } = await stat(path, { bigint: true }).catch((cause: unknown) => {
    throw ioError(`${path} cannot be read`, { subject: path, cause });
  });
  return JSON.stringify([path, String(size), String(mtimeNs)]);
}

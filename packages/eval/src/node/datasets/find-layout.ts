// What a folder or file holds: which of the layouts, and where in it. Nothing is guessed where two answers are possible.
//
// In a folder that was given, in this order: Parquet or tar shards; a CSV; a folder of the wanted part (`train`, or
// `val`, `validation`, `test`), unless it is the class of trains; `data` as repositories on the Hugging Face hub have
// it; pictures that a list labels; class folders.

import { stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";

import type { Split } from "../../datasets/known-sets.ts";
import { EvalError } from "../../errors.ts";
import { sayNames } from "./class-names.ts";
import { isPictureName } from "./picture-names.ts";
import type { DataLayout } from "./stored-set.ts";
import { type FolderContents, readFolder } from "./walk-folder.ts";

/** Where the pictures of a set are. */
export interface FoundLayout {
  readonly layout: DataLayout;
  /** The folder that keys are relative to, or that the shards are in. */
  readonly folder: string;
  /** The shards, or the one list or CSV; of a flat folder whose list is not needed none. */
  readonly files: readonly string[];
}

/** How to look. */
export interface FindLayoutOptions {
  readonly split: Split;
  /** The list of a flat folder, where it is not in one of the usual places. */
  readonly list?: string | undefined;
  /** Whether pictures without any label will do, because labels come from elsewhere. Default false. */
  readonly unlabelled?: boolean;
  /** Folders that the set's own archive unpacks to, looked into first where they are there. */
  readonly unpacked?: readonly string[];
}

const SPLIT_WORDS = { train: ["train"], val: ["val", "validation", "test"] } as const;
/** What stands beside the folders of parts; with anything else beside it, a folder of pictures is a class. */
const PARTS: ReadonlySet<string> = new Set([
  "train",
  "val",
  "validation",
  "test",
  "meta_data",
  "data",
]);
const SPLIT_IN_NAME = /(?:^|[-_.])(train|validation|val|test)(?=[-_.]|$)/i;
const NAMES_SAID = 8;

/**
 * The layout of `path`.
 *
 * @throws EvalError `not-found` where there is none, with what was found instead; `invalid-data` where there are two;
 * `io`
 */
export async function findLayout(path: string, options: FindLayoutOptions): Promise<FoundLayout> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    // Taken for a path as a whole, because what stands before "=" is no name.
    const advice = basename(path).includes("=")
      ? '; the name in name=path is of the letters A to Z, digits, ".", "_" and "-"'
      : "";
    throw new EvalError(
      "not-found",
      `${path}: expected a folder or file of pictures, found nothing${advice}`,
      { subject: path },
    );
  }
  return found.isDirectory() ? inFolder(path, options) : inFile(path);
}

function inFile(path: string): FoundLayout {
  const folder = dirname(path);
  switch (extname(path).toLowerCase()) {
    case ".csv":
      return { layout: "csv", folder, files: [path] };
    case ".txt":
    case ".lst":
      return { layout: "list", folder, files: [path] };
    case ".parquet":
      return { layout: "parquet", folder, files: [path] };
    case ".tar":
      return { layout: "tar", folder, files: [path] };
    default:
      throw new EvalError(
        "unsupported",
        `${path}: expected a folder, or a file called .csv, .txt, .parquet or .tar`,
        { subject: path },
      );
  }
}

async function inFolder(path: string, options: FindLayoutOptions): Promise<FoundLayout> {
  const contents = await readFolder(path);
  const { folders, files } = contents;
  for (const unpacked of options.unpacked ?? []) {
    if (folders.includes(unpacked.split("/")[0]!)) {
      return inFolder(join(path, unpacked), { ...options, unpacked: [] });
    }
  }
  const shards = findShards(path, { files, split: options.split });
  if (shards !== undefined) return shards;
  const csv = findCsv(path, { files, split: options.split });
  if (csv !== undefined) return csv;
  for (const word of SPLIT_WORDS[options.split]) {
    if (!folders.includes(word)) continue;
    const below = await readFolder(join(path, word));
    if (!isClass(below, { siblings: folders })) {
      return inFolder(join(path, word), { ...options, unpacked: [] });
    }
  }
  if (folders.includes("data")) {
    // Without shards it may be a class.
    const below = join(path, "data");
    const { files } = await readFolder(below);
    const shards = findShards(below, { files, split: options.split });
    if (shards !== undefined) return shards;
  }
  if (files.some(isPictureName) && folders.length === 0) return flat(path, options);
  if (folders.length > 0) return { layout: "folders", folder: path, files: [] };
  throw nothingFound(path, contents);
}

/** Whether a folder called `train` is the class of trains: it holds pictures, and beside it are other things than parts. */
function isClass(
  { folders, files }: FolderContents,
  { siblings }: { readonly siblings: readonly string[] },
): boolean {
  return (
    folders.length === 0 && files.some(isPictureName) && !siblings.every((name) => PARTS.has(name))
  );
}

/** The shards of the wanted part: by the word in their names, or all where no name has one. */
function findShards(
  folder: string,
  { files, split }: { readonly files: readonly string[]; readonly split: Split },
): FoundLayout | undefined {
  const layouts = (["parquet", "tar"] as const).flatMap((layout) => {
    const shards = files.filter((name) => name.toLowerCase().endsWith(`.${layout}`));
    return shards.length === 0 ? [] : [{ layout, shards }];
  });
  const [found, other] = layouts;
  if (found === undefined) return undefined;
  if (other !== undefined) {
    throw new EvalError(
      "invalid-data",
      `${folder}: expected Parquet files or tar files, found both: ${sayNames([found.shards[0]!, other.shards[0]!])}`,
      { subject: folder },
    );
  }
  const { layout, shards } = found;
  const words = new Set(shards.map(splitWord));
  const all = words.size === 1 && words.has(undefined);
  const word = SPLIT_WORDS[split].find((word) => words.has(word));
  if (!all && word === undefined) {
    throw new EvalError(
      "not-found",
      `${folder}: expected ${layout} files with ${SPLIT_WORDS[split].join(" or ")} in their names, found ${sayNames(shards)}`,
      { subject: folder },
    );
  }
  const wanted = all ? shards : shards.filter((name) => splitWord(name) === word);
  return { layout, folder, files: wanted.map((name) => join(folder, name)) };
}

function splitWord(name: string): string | undefined {
  return SPLIT_IN_NAME.exec(name)?.[1]?.toLowerCase();
}

function findCsv(
  folder: string,
  { files, split }: { readonly files: readonly string[]; readonly split: Split },
): FoundLayout | undefined {
  const tables = files.filter((name) => name.toLowerCase().endsWith(".csv"));
  if (tables.length === 0) return undefined;
  const wanted =
    SPLIT_WORDS[split].map((word) => `${word}.csv`).find((name) => tables.includes(name)) ??
    (tables.length === 1 ? tables[0] : undefined);
  if (wanted === undefined) {
    throw new EvalError(
      "invalid-data",
      `${folder}: expected one CSV, or one called ${split}.csv, found ${sayNames(tables)}`,
      { subject: folder },
    );
  }
  return { layout: "csv", folder, files: [join(folder, wanted)] };
}

/** Pictures side by side: a list says their labels. */
async function flat(
  folder: string,
  { split, list, unlabelled = false }: FindLayoutOptions,
): Promise<FoundLayout> {
  if (unlabelled) return { layout: "list", folder, files: [] };
  const above = dirname(folder);
  const places =
    list === undefined
      ? [folder, above, join(folder, "meta_data"), join(above, "meta_data")].map((place) =>
          join(place, `${split}.txt`),
        )
      : [list];
  for (const place of places) {
    const isFile = await stat(place).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile) return { layout: "list", folder, files: [place] };
  }
  throw new EvalError(
    "not-found",
    `${folder}: the pictures lie side by side, so a list must say their labels, a line "name label" each: expected it at ${places.join(" or ")}, found none`,
    { subject: folder },
  );
}

function nothingFound(path: string, { folders, files }: FolderContents): EvalError {
  const names = [...folders.map((name) => `${name}/`), ...files];
  const found =
    names.length === 0
      ? "an empty folder"
      : `${names.slice(0, NAMES_SAID).join(", ")}${names.length > NAMES_SAID ? ` and ${names.length - NAMES_SAID} more` : ""}`;
  return new EvalError(
    "not-found",
    `${path}: expected class folders with pictures, pictures with a list, a CSV with path and label, Parquet files or tar files, found ${found}`,
    { subject: path },
  );
}

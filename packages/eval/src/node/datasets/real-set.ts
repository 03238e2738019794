// ImageNet-ReaL: the validation pictures of ImageNet-1K in any layout, with the labels of real.json. A picture's labels are
// found by the number in its name, so the order of the files does not matter. A picture without labels is not scored.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { listHashLine } from "../../datasets/list-hash.ts";
import { parseRealLabels, validationNumber } from "../../datasets/real-labels.ts";
import { EvalError } from "../../errors.ts";
import type { EntryFile, StoredEntry } from "./entry-file.ts";
import { ioError } from "../io-error.ts";

/** The labels of a validation set, and what follows from them. */
export interface RealLabels {
  /** Replaces the labels of a picture. */
  labelsOf(entry: StoredEntry): readonly number[];
  readonly listHash: string;
  /** Pictures of each label. */
  readonly labelCounts: readonly number[];
  /** Pictures that have a label. */
  readonly scored: number;
}

/** Options of `readRealLabels`. */
export interface ReadRealOptions {
  /** Folders to look in for real.json, and for `meta_data/real.json`. */
  readonly folders: readonly string[];
  /** The file itself, where it is known. */
  readonly file?: string | undefined;
}

/**
 * The labels of these pictures.
 *
 * @throws EvalError `not-found` without real.json; `invalid-data` when it is not right, or a picture has no number or
 * another picture's; `io`
 */
export async function readRealLabels(
  entries: EntryFile,
  { folders, file }: ReadRealOptions,
): Promise<RealLabels> {
  const { path, json } = await readReal(file === undefined ? places(folders) : [file]);
  const lists = parseRealLabels(json, { subject: path });
  const labelsOf = ({ key }: StoredEntry): readonly number[] => {
    const number = validationNumber(key);
    if (number !== undefined) return lists[number - 1]!;
    throw new EvalError(
      "invalid-data",
      `imagenet-real: expected pictures called ILSVRC2012_val_00000001 to ILSVRC2012_val_00050000, found ${key}`,
      { subject: key },
    );
  };
  const hash = createHash("sha256");
  const seen = new Uint8Array(lists.length + 1);
  const labelCounts: number[] = [];
  let scored = 0;
  for (let index = 0; index < entries.length; index++) {
    const entry = await entries.read(index);
    const labels = labelsOf(entry);
    const number = validationNumber(entry.key)!;
    if (seen[number] === 1) {
      throw new EvalError(
        "invalid-data",
        `imagenet-real: expected each validation picture once, found number ${number} again: ${entry.key}`,
        { subject: entry.key },
      );
    }
    seen[number] = 1;
    hash.update(listHashLine({ key: entry.key, labels }));
    if (labels.length > 0) scored++;
    for (const label of labels) labelCounts[label] = (labelCounts[label] ?? 0) + 1;
  }
  return { labelsOf, listHash: hash.digest("hex"), labelCounts, scored };
}

function places(folders: readonly string[]): readonly string[] {
  const all = folders.flatMap((folder) =>
    [folder, dirname(folder)].flatMap((place) => [
      join(place, "real.json"),
      join(place, "meta_data", "real.json"),
    ]),
  );
  return [...new Set(all)];
}

async function readReal(
  paths: readonly string[],
): Promise<{ readonly path: string; readonly json: string }> {
  for (const path of paths) {
    try {
      return { path, json: await readFile(path, "utf8") };
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") continue;
      throw ioError(`the labels ${path} cannot be read`, { subject: path, cause });
    }
  }
  throw new EvalError(
    "not-found",
    `imagenet-real: expected its labels at ${paths.join(" or ")}, found none; real.json is published at https://github.com/google-research/reassessed-imagenet`,
    { subject: paths[0] ?? "real.json" },
  );
}

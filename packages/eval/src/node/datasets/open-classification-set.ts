// The one way to a set of labelled pictures in files, whatever its layout.

import { resolve } from "node:path";

import { type DataSpec, parseDataSpec } from "../../datasets/data-spec.ts";
import { type KnownSet, knownSet, type Split } from "../../datasets/known-sets.ts";
import { EvalError } from "../../errors.ts";

import { type ClassNames, namedClasses, numberedClasses, sayNames } from "./class-names.ts";
import { createEntryWriter } from "./entry-file.ts";
import { findLayout, type FoundLayout } from "./find-layout.ts";
import { listImageFolder } from "./image-folder.ts";
import { listCsv } from "./csv-file.ts";
import type { Listing, ListingOptions, ListingProgress } from "./listing.ts";
import { listPictureList } from "./picture-list.ts";
import { createStoredSet, type StoredClassificationSet } from "./stored-set.ts";

/** Options of `openClassificationSet`. */
export interface OpenSetOptions {
  /** Which part, where there are several. Default `val`. */
  readonly split?: Split;
  /**
   * The classes that labels mean, in their order: those of the training set, for a set of one's own that is scored
   * with its head. Default: what the set itself has. A set that is known by name has its own.
   */
  readonly classes?: readonly string[];
  /** The list of pictures that lie side by side. Default: `val.txt` (`train.txt`) in the usual places. */
  readonly list?: string;
  /** IN-ReaL's labels. Default: `real.json` in the usual places. */
  readonly realLabels?: string;
  /**
   * Folder for lists of pictures: of archives they are kept there, so that they are read through only once. Default:
   * the system's folder for temporary files, and nothing is kept.
   */
  readonly cache?: string;
  readonly onProgress?: (progress: ListingProgress) => void;
  readonly signal?: AbortSignal;
}

/** Folders that the archives of the sets unpack to. */
const UNPACKED: Readonly<Record<KnownSet["name"], readonly string[]>> = {
  "imagenet-1k": ["ILSVRC/Data/CLS-LOC"],
  "imagenet-real": ["ILSVRC/Data/CLS-LOC"],
  "imagenet-v2": [
    "ImageNetV2-matched-frequency",
    "imagenetv2-matched-frequency",
    "imagenetv2-matched-frequency-format-val",
  ],
  "imagenet-a": ["imagenet-a"],
  "imagenet-r": ["imagenet-r"],
  "imagenet-sketch": ["sketch", "imagenet-sketch"],
};

/**
 * Opens a set: `imagenet-1k`, `imagenet-real`, `imagenet-v2`, `imagenet-a`, `imagenet-r` or `imagenet-sketch` with the
 * label rules of that set, any other name as a set of one's own. The caller disposes of it.
 *
 * @throws EvalError `invalid-argument` for a spec that is none; `not-found` where nothing is or a picture is missing;
 * `invalid-data` for classes, labels, lists or archives that are wrong; `unsupported`; `io`
 */
export async function openClassificationSet(
  spec: DataSpec | string,
  options: OpenSetOptions = {},
): Promise<StoredClassificationSet> {
  const { name, path } = typeof spec === "string" ? parseDataSpec(spec) : spec;
  const { split = "val" } = options;
  const known = knownSet(name);
  if (known !== undefined && known.pictures[split] === undefined) {
    throw new EvalError(
      "invalid-argument",
      `${name} is for validation: it has no part "${split}"`,
      {
        subject: name,
      },
    );
  }
  checkTrainingClasses(name, { known, classes: options.classes });
  const found = await findLayout(resolve(path), {
    split,
    list: options.list,
    unlabelled: name === "imagenet-real",
    unpacked: known === undefined ? [] : UNPACKED[known.name],
  });
  return openLayout(found, { ...options, name, known });
}

interface LayoutOptions extends OpenSetOptions {
  readonly name: string;
  readonly known: KnownSet | undefined;
}

async function openLayout(
  found: FoundLayout,
  options: LayoutOptions,
): Promise<StoredClassificationSet> {
  const { name, known, cache } = options;
  await using writer = await createEntryWriter({ folder: cache });
  const listing = await list(found, { ...options, writer });
  const { classes, store, passedOver } = listing;
  const entries = await writer.finish(undefined);
  try {
    if (entries.length === 0) {
      throw new EvalError("not-found", `${found.folder}: expected pictures, found none`, {
        subject: found.folder,
      });
    }
    return createStoredSet({
      name,
      origin: found.folder,
      layout: found.layout,
      classes,
      ...(known?.columns === undefined ? {} : { columns: known.columns }),
      classCounts: classes.map((_, label) => entries.labelCounts[label] ?? 0),
      scored: entries.scored,
      passedOver,
      entries,
      store,
    });
  } catch (error) {
    await Promise.all([entries.close(), store.close()]);
    throw error;
  }
}

function list(
  found: FoundLayout,
  options: LayoutOptions & Pick<ListingOptions, "writer">,
): Promise<Listing> {
  const { folder, files, layout } = found;
  const names = classNames(layout, options);
  const [file = folder] = files;
  switch (layout) {
    case "folders":
      return listImageFolder(folder, { ...options, names });
    case "list":
      return listPictureList(file, { ...options, folder, names });
    case "csv":
      return listCsv(file, { ...options, names });
    default:
      throw new EvalError("unsupported", `${folder}: ${layout} is not read yet`);
  }
}

/** Which classes the labels of a layout are looked up in; undefined for those that the set itself has. */
function classNames(
  layout: FoundLayout["layout"],
  { name, known, classes }: LayoutOptions,
): ClassNames | undefined {
  if (known === undefined) {
    if (classes === undefined) return undefined;
    return layout === "list" ? numberedClasses(classes) : namedClasses(classes);
  }
  if (layout === "folders" || layout === "csv") {
    return known.name === "imagenet-v2"
      ? numberedClasses(known.classes)
      : namedClasses(known.classes);
  }
  if (known.columns === undefined) return numberedClasses(known.classes);
  throw new EvalError(
    "unsupported",
    `${name}: expected class folders named by WordNet ids, found a layout with numbers (${layout}), which may be labels among its 200 classes or among all 1000`,
    { subject: name },
  );
}

/** A set that is known by name is scored with a head over the ImageNet-1K classes and no others. */
function checkTrainingClasses(
  name: string,
  {
    known,
    classes,
  }: { readonly known: KnownSet | undefined; readonly classes: readonly string[] | undefined },
): void {
  if (known === undefined || classes === undefined) return;
  const expected = knownSet("imagenet-1k")!.classes;
  if (classes.length === expected.length && classes.every((name, i) => name === expected[i]))
    return;
  throw new EvalError(
    "mismatch",
    `${name}: expected a head for the 1000 ImageNet-1K classes (WordNet ids, sorted), found the ${classes.length} classes ${sayNames(classes)} of the training set`,
    { subject: name },
  );
}

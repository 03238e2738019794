// The one way to a set of labelled pictures in files, whatever its layout.

import { resolve } from "node:path";

import { type DataSpec, parseDataSpec } from "../../datasets/data-spec.ts";
import { type KnownSet, knownSet, type Split } from "../../datasets/known-sets.ts";
import { EvalError } from "../../errors.ts";
import { type ClassNames, namedClasses, numberedClasses, sayNames } from "./class-names.ts";
import { findLayout, type FoundLayout } from "./find-layout.ts";
import type { ListingProgress } from "./listing.ts";
import { createStore, listPictures } from "./list-pictures.ts";
import { readRealLabels } from "./real-set.ts";
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
  const root = resolve(path);
  const found = await findLayout(root, {
    split,
    list: options.list,
    unlabelled: name === "imagenet-real",
    // Whatever else lies beside the parts of a known set.
    unpacked: known === undefined ? [] : [...UNPACKED[known.name], split],
  });
  const names = classNames(found.layout, { name, known, classes: options.classes });
  const { entries, classes, passedOver } = await listPictures(found, { ...options, names });
  const store = createStore(found);
  try {
    const real =
      known?.name === "imagenet-real"
        ? await readRealLabels(entries, {
            folders: [root, found.folder],
            file: options.realLabels,
          })
        : undefined;
    const { labelCounts, scored, listHash } = real ?? entries;
    return createStoredSet({
      name,
      origin: found.folder,
      layout: found.layout,
      classes: known?.classes ?? classes,
      ...(known?.columns === undefined ? {} : { columns: known.columns }),
      classCounts: (known?.classes ?? classes).map((_, label) => labelCounts[label] ?? 0),
      scored,
      passedOver,
      listHash,
      entries,
      store,
      ...(real === undefined ? {} : { relabel: real.labelsOf }),
    });
  } catch (error) {
    await Promise.all([entries.close(), store.close()]);
    throw error;
  }
}

/** Which classes the labels of a layout are looked up in; undefined for those that the set itself has. */
function classNames(
  layout: FoundLayout["layout"],
  {
    name,
    known,
    classes,
  }: {
    readonly name: string;
    readonly known: KnownSet | undefined;
    readonly classes: readonly string[] | undefined;
  },
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

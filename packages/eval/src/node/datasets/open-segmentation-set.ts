// The one way to a set of pictures with a class for every pixel, in folders.
//
// Reference: MMSegmentation's ADE20KDataset, COCOStuffDataset and LoadAnnotations. Deviations: the published pixel maps
// of COCO-Stuff are read as they are, without converting 123,287 files first; values that are no class are refused.

import { open, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { cocoStuffIds } from "../../datasets/coco-stuff-classes.ts";
import { type DataSpec, parseDataSpec } from "../../datasets/data-spec.ts";
import { knownSegmentationSet } from "../../datasets/known-segmentation-sets.ts";
import type { Split } from "../../datasets/known-sets.ts";
import { type LabelValues, labelValues, toLabels } from "../../datasets/label-values.ts";
import { checkSizes } from "../../datasets/segmentation-sample.ts";
import type { SegmentationSet } from "../../datasets/segmentation-set.ts";
import { EvalError } from "../../errors.ts";
import { PNG_HEADER_BYTES, readLabelPng, readLabelPngHeader } from "../png/read-png.ts";
import { createEntryWriter } from "./entry-writer.ts";
import { createFileStore } from "./file-store.ts";
import { findSegmentationFolders } from "./find-segmentation-layout.ts";
import { ioError } from "../io-error.ts";
import { labelOf, listSegmentation, TRAIN_IDS_SUFFIX } from "./list-segmentation.ts";
import type { ListingProgress } from "./listing.ts";
import type { PassedOver } from "./stored-set.ts";

/** Options of `openSegmentationSet`. */
export interface OpenSegmentationOptions {
  /** Which part. Default `val`. */
  readonly split?: Split;
  /**
   * For a set of one's own: the names of the values in label pictures, from 0. Default: the lines of `classes.txt` in
   * the set's folder. A set that is known by name has its own.
   */
  readonly classes?: readonly string[];
  /**
   * For a set of one's own: the value of pixels that have no class, beside 255. Where `classes` names it too, it is
   * taken out of them and the classes behind it move up. Default: 255 only.
   */
  readonly ignored?: number;
  /** Folder for the list of pictures while the set is open. Default: the system's for temporary files. */
  readonly cache?: string;
  readonly onProgress?: (progress: ListingProgress) => void;
  readonly signal?: AbortSignal;
}

/** A segmentation set in folders. */
export interface StoredSegmentationSet extends SegmentationSet {
  /** Where the label pictures are; `origin` is where the pictures are. */
  readonly labelOrigin: string;
  /** Files among the pictures that are none by their names. */
  readonly passedOver: PassedOver;
  /** Label pictures that no picture belongs to. */
  readonly unusedLabels: PassedOver;
  /**
   * Size of a picture as it is stored, without reading it.
   *
   * @throws EvalError as `read`
   */
  byteLength(index: number): Promise<number>;
  /**
   * Looks at the headers of a picture and of its label: sizes and kinds.
   *
   * @throws EvalError and PreprocessError as reading both would, but for what is wrong behind the headers
   */
  checkHeader(index: number, options: { readonly orientation: "ignore" | "apply" }): Promise<void>;
}

const CLASS_NAMES = "classes.txt";
const IGNORED = 255;

/**
 * Opens a set: `ade20k` or `coco-stuff-164k` with the label rules of that set, any other name as a set of one's own. The
 * caller disposes of it.
 *
 * @throws EvalError `invalid-argument` for a spec or an option that is none; `not-found` where folders, pictures, labels
 * or class names are missing; `invalid-data` where several could be meant; `io`
 */
export async function openSegmentationSet(
  spec: DataSpec | string,
  options: OpenSegmentationOptions = {},
): Promise<StoredSegmentationSet> {
  const { name, path } = typeof spec === "string" ? parseDataSpec(spec) : spec;
  const { split = "val", cache, onProgress, signal } = options;
  const known = knownSegmentationSet(name);
  if (known !== undefined && (options.classes !== undefined || options.ignored !== undefined)) {
    throw new EvalError("invalid-argument", `${name} has its own classes and ignored labels`, {
      subject: name,
    });
  }
  const root = resolve(path);
  const folders = await findSegmentationFolders(root, { known: known?.name, split });
  const own = known === undefined ? await ownLabels(root, options) : undefined;
  await using writer = await createEntryWriter({ folder: cache });
  const trainIds = known?.name === "coco-stuff-164k";
  const listing = await listSegmentation(folders, { writer, trainIds, onProgress, signal });
  const { labelSuffix, passedOver, unusedLabels } = listing;
  const classes = known?.classes ?? own!.classes;
  const meaning = own?.meaning ?? knownMeaning(known!.name, { labelSuffix, classes });
  const entries = await writer.finish({});
  const pictures = createFileStore(folders.pictures);
  const labels = createFileStore(folders.labels);
  const dispose = (): Promise<void> => entries.close();
  return {
    name,
    origin: folders.pictures,
    labelOrigin: folders.labels,
    classes,
    length: entries.length,
    listHash: entries.listHash,
    passedOver,
    unusedLabels,
    picture: async (index) => ({ index, key: (await entries.read(index)).key }),
    read: async (index, signal) => pictures.read(await entries.read(index), signal),
    byteLength: async (index) => pictures.byteLength(await entries.read(index)),
    async checkHeader(index, { orientation }) {
      const { readImageSize } = await import("@internvit/preprocess/sharp");
      const { key } = await entries.read(index);
      const path = join(folders.pictures, key);
      const image = await readImageSize(path, { orientation, subject: key });
      const subject = labelOf(key, labelSuffix);
      const start = await readStart(join(folders.labels, subject), subject);
      checkSizes(key, { image, label: readLabelPngHeader(start, { subject }) });
    },
    async readLabel(index, signal) {
      const entry = await entries.read(index);
      const subject = labelOf(entry.key, labelSuffix);
      const bytes = await labels.read({ ...entry, key: subject }, signal);
      return toLabels(readLabelPng(bytes, { subject }), { meaning, subject });
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** The first bytes of a label picture. */
async function readStart(path: string, subject: string): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(new Uint8Array(PNG_HEADER_BYTES), 0);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw ioError(`the label picture ${path} cannot be read`, { subject, cause });
  }
}

/** What the values of a known set mean. */
function knownMeaning(
  name: "ade20k" | "coco-stuff-164k",
  { labelSuffix, classes }: { readonly labelSuffix: string; readonly classes: readonly string[] },
): LabelValues {
  // The zero label reduced: class 0 is stored as 1.
  if (name === "ade20k") {
    return labelValues({ values: classes.map((_, label) => label + 1), ignored: [0, IGNORED] });
  }
  const values =
    labelSuffix === TRAIN_IDS_SUFFIX ? classes.map((_, label) => label) : cocoStuffIds();
  return labelValues({ values, ignored: [IGNORED] });
}

/** Classes of a set of one's own, and what its values mean. */
async function ownLabels(
  root: string,
  { classes, ignored }: OpenSegmentationOptions,
): Promise<{ readonly classes: readonly string[]; readonly meaning: LabelValues }> {
  const names = classes ?? (await readClassNames(root));
  const values = names.map((_, value) => value).filter((value) => value !== ignored);
  return {
    classes: values.map((value) => names[value]!),
    meaning: labelValues({
      values,
      ignored: ignored === undefined ? [IGNORED] : [ignored, IGNORED],
    }),
  };
}

async function readClassNames(root: string): Promise<readonly string[]> {
  const path = join(root, CLASS_NAMES);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw ioError(`the class names ${path} cannot be read`, { subject: path, cause });
  });
  return text.split(/\r?\n/).filter((line) => line !== "");
}

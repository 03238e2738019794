// Pictures of one folder with labels of another, by equal names: `a/b.jpg` belongs to `a/b.png`, or with a suffix to
// `a/b_labelTrainIds.png`. What is held at once are the names of both folders, until the list is written.

import { EvalError } from "../../errors.ts";
import { sayNames } from "./class-names.ts";
import type { EntryWriter } from "./entry-writer.ts";
import type { SegmentationFolders } from "./find-segmentation-layout.ts";
import type { ListingProgress } from "./listing.ts";
import { isPictureName } from "./picture-names.ts";
import type { PassedOver } from "./stored-set.ts";
import { walkFolder } from "./walk-folder.ts";

/** Ends the names of COCO-Stuff's label pictures that hold train ids. */
export const TRAIN_IDS_SUFFIX = "_labelTrainIds.png";
const LABEL_SUFFIX = ".png";
const EXAMPLES = 5;

/** What was found beside the pictures. */
export interface SegmentationListing {
  /** What a label picture is called behind the stem of its picture. */
  readonly labelSuffix: string;
  /** Files among the pictures that are none by their names. */
  readonly passedOver: PassedOver;
  /** Label pictures that no picture belongs to. */
  readonly unusedLabels: PassedOver;
}

/** Options of `listSegmentation`. */
export interface ListSegmentationOptions {
  readonly writer: EntryWriter;
  /** Whether labels called `…_labelTrainIds.png` are looked for, and taken where there are any. */
  readonly trainIds: boolean;
  readonly onProgress?: ((progress: ListingProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists the pictures, sorted.
 *
 * @throws EvalError `not-found` where there are no pictures, or pictures without labels, naming them; `invalid-data` for
 * two pictures of one name; `io`
 */
export async function listSegmentation(
  { pictures, labels }: SegmentationFolders,
  { writer, trainIds, onProgress, signal }: ListSegmentationOptions,
): Promise<SegmentationListing> {
  const names = await walkFolder(pictures);
  signal?.throwIfAborted();
  const labelNames = await walkFolder(labels);
  const labelSuffix =
    trainIds && labelNames.some((name) => name.endsWith(TRAIN_IDS_SUFFIX))
      ? TRAIN_IDS_SUFFIX
      : LABEL_SUFFIX;
  const unused = new Set(labelNames.filter((name) => name.endsWith(labelSuffix)));
  const missing: string[] = [];
  const others: string[] = [];
  let missingCount = 0;
  let otherCount = 0;
  let before = "";
  for (const key of names) {
    signal?.throwIfAborted();
    if (!isPictureName(key.slice(key.lastIndexOf("/") + 1))) {
      if (otherCount++ < EXAMPLES) others.push(key);
      continue;
    }
    const label = labelOf(key, labelSuffix);
    if (label === before) {
      throw new EvalError(
        "invalid-data",
        `${pictures}: expected one picture for each label picture, found two for ${label}, such as ${key}`,
        { subject: pictures },
      );
    }
    before = label;
    if (unused.delete(label)) await writer.append({ key, labels: [], where: [] });
    // All of them are counted, and the first few named.
    else if (missingCount++ < EXAMPLES) missing.push(key);
  }
  if (missingCount > 0) {
    const named = sayNames(missing) + (missingCount > EXAMPLES ? " …" : "");
    throw new EvalError(
      "not-found",
      `${labels}: expected a label picture "…${labelSuffix}" for each of the ${missingCount + writer.length} pictures in ${pictures}, found none for ${missingCount} of them: ${named}`,
      { subject: labels },
    );
  }
  if (writer.length === 0) {
    throw new EvalError("not-found", `${pictures}: expected pictures, found none`, {
      subject: pictures,
    });
  }
  onProgress?.({ stage: "list", done: writer.length, total: writer.length, unit: "images" });
  return {
    labelSuffix,
    passedOver: { count: otherCount, examples: others },
    unusedLabels: { count: unused.size, examples: [...unused].slice(0, EXAMPLES) },
  };
}

/** The name of the label picture that belongs to a picture. */
export function labelOf(key: string, suffix: string): string {
  return key.slice(0, key.lastIndexOf(".")) + suffix;
}

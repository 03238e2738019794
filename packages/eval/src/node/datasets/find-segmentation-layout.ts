// Where the pictures and where the labels of a segmentation set are. Nothing is guessed where two answers are possible.

import { stat } from "node:fs/promises";
import { join } from "node:path";

import type { KnownSegmentationSetName } from "../../datasets/known-segmentation-sets.ts";
import type { Split } from "../../datasets/known-sets.ts";
import { EvalError } from "../../errors.ts";
import { sayNames } from "./class-names.ts";

/** Two folders whose files belong together by their names. */
export interface SegmentationFolders {
  readonly pictures: string;
  readonly labels: string;
}

/** Folders that the sets' archives, or the reference's instructions, leave around the set. */
const UNPACKED: Readonly<Record<KnownSegmentationSetName, readonly string[]>> = {
  ade20k: ["ADEChallengeData2016", "ade/ADEChallengeData2016"],
  "coco-stuff-164k": ["coco_stuff164k"],
};
const ADE20K_PARTS: Readonly<Record<Split, string>> = { train: "training", val: "validation" };
const COCO_PARTS: Readonly<Record<Split, string>> = { train: "train2017", val: "val2017" };
/** Where the reference has COCO-Stuff's labels, and what the archive of pixel maps is called. */
const COCO_LABELS = ["annotations", "stuffthingmaps_trainval2017", "stuffthingmaps"];
const OWN_PARTS: Readonly<Record<Split, readonly string[]>> = {
  train: ["train", "training"],
  val: ["val", "validation", "test"],
};
const OWN_LABELS = ["annotations", "labels", "masks"];

/**
 * The folders of a set that is known by name, or of one's own.
 *
 * @throws EvalError `not-found` where there are none, with what was looked for; `invalid-data` where there are several
 */
export async function findSegmentationFolders(
  root: string,
  { known, split }: { readonly known: KnownSegmentationSetName | undefined; readonly split: Split },
): Promise<SegmentationFolders> {
  const roots = known === undefined ? [""] : ["", ...UNPACKED[known]];
  const looked: string[] = [];
  // Names of a part in order: a set that has val and test is scored on val.
  for (const candidates of candidatePairs(known, split)) {
    const found: SegmentationFolders[] = [];
    for (const prefix of roots) {
      for (const [pictures, labels] of candidates) {
        const pair = { pictures: join(root, prefix, pictures), labels: join(root, prefix, labels) };
        if ((await isFolder(pair.pictures)) && (await isFolder(pair.labels))) found.push(pair);
        if (prefix === "") looked.push(`${pictures} with ${labels}`);
      }
    }
    const [pair, second] = found;
    if (pair !== undefined && second === undefined) return pair;
    if (pair !== undefined && second !== undefined) {
      throw new EvalError(
        "invalid-data",
        `${root}: expected one pair of folders with pictures and labels of ${split}, found ${pair.pictures} with ${pair.labels} and ${second.pictures} with ${second.labels}`,
        { subject: root },
      );
    }
  }
  throw new EvalError(
    "not-found",
    `${root}: expected a folder of pictures and one of labels for ${split}, found neither of these pairs: ${sayNames(looked)}`,
    { subject: root },
  );
}

function candidatePairs(
  known: KnownSegmentationSetName | undefined,
  split: Split,
): readonly (readonly (readonly [pictures: string, labels: string])[])[] {
  if (known === "ade20k") {
    const part = ADE20K_PARTS[split];
    return [[[`images/${part}`, `annotations/${part}`]]];
  }
  if (known === "coco-stuff-164k") {
    const part = COCO_PARTS[split];
    return [
      ["images/", ""].flatMap((folder) =>
        COCO_LABELS.map((labels) => [folder + part, `${labels}/${part}`] as const),
      ),
    ];
  }
  return OWN_PARTS[split].map((part) => [
    [part, `${part}annot`],
    ...OWN_LABELS.flatMap(
      (labels) =>
        [
          [`images/${part}`, `${labels}/${part}`],
          [`${part}/images`, `${part}/${labels}`],
        ] as const,
    ),
  ]);
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

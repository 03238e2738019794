// What is known of the two segmentation sets of the InternVL 2.5 report before a byte of them is read.
//
// Reference: MMSegmentation's ADE20KDataset (zero label reduced) and COCOStuffDataset, table 15 of the report. The
// report's prose says 172 classes of COCO-Stuff; its configurations and the data have 171.

import { ade20kClasses } from "./ade20k-classes.ts";
import { cocoStuffClasses } from "./coco-stuff-classes.ts";
import type { Split } from "./known-sets.ts";

/** The segmentation sets that are known by name. */
export type KnownSegmentationSetName = "ade20k" | "coco-stuff-164k";

/** What is known of a segmentation set. */
export interface KnownSegmentationSet {
  readonly name: KnownSegmentationSetName;
  /** What people call it, such as in a table of results. */
  readonly title: string;
  /** Pictures of each part. */
  readonly pictures: Readonly<Record<Split, number>>;
  /** Names of the classes in the order of their labels. */
  readonly classes: readonly string[];
}

/** The segmentation sets that are known by name, in the order of the report's table. */
export const KNOWN_SEGMENTATION_SET_NAMES: readonly KnownSegmentationSetName[] = [
  "ade20k",
  "coco-stuff-164k",
];

/** What is known of the segmentation set of this name; undefined for any other name. */
export function knownSegmentationSet(name: string): KnownSegmentationSet | undefined {
  switch (name) {
    case "ade20k":
      return {
        name,
        title: "ADE20K",
        pictures: { train: 20_210, val: 2000 },
        classes: ade20kClasses(),
      };
    case "coco-stuff-164k":
      return {
        name,
        title: "COCO-Stuff-164K",
        pictures: { train: 118_287, val: 5000 },
        classes: cocoStuffClasses(),
      };
    default:
      return undefined;
  }
}

// The published scores of the three segmentation probes. Source: "Expanding Performance Boundaries of Open-Source
// Multimodal Models" (InternVL 2.5), arXiv 2412.05271, table 15. Nothing is published for the 300M encoders, and no other
// metric than mIoU.

import { publishedName } from "./published.ts";

/** The probes of the table: a linear head, UperNet on a frozen encoder, UperNet with the encoder. */
export type SegmentationProbe = "linear" | "head" | "full";

/** The probes in the order of the table. */
export const SEGMENTATION_PROBES: readonly SegmentationProbe[] = ["linear", "head", "full"];

/** mIoU of one probe in percent. */
export interface PublishedMeanIou {
  /** In the order of `KNOWN_SEGMENTATION_SET_NAMES`: ADE20K, COCO-Stuff-164K. */
  readonly sets: readonly [number, number];
  /** The mean as it is printed. */
  readonly average: number;
}

/** A row of the table. */
export interface PublishedSegmentationRow extends Readonly<
  Record<SegmentationProbe, PublishedMeanIou>
> {
  readonly model: string;
  /** What the average of head tuning adds to that of linear probing, as printed. */
  readonly delta1: number;
  /** What the average of full tuning adds to that of linear probing, as printed. */
  readonly delta2: number;
}

/** The published rows. */
export const PUBLISHED_SEGMENTATION_ROWS: readonly PublishedSegmentationRow[] = [
  {
    model: "InternViT-6B-224px",
    linear: { sets: [47.2, 42.8], average: 45.0 },
    head: { sets: [54.9, 48.9], average: 51.9 },
    full: { sets: [58.9, 51.6], average: 55.3 },
    delta1: 6.9,
    delta2: 10.2,
  },
  {
    model: "InternViT-6B-448px-V1.0",
    linear: { sets: [43.6, 38.5], average: 41.0 },
    head: { sets: [55.4, 49.4], average: 52.4 },
    full: { sets: [58.1, 51.7], average: 54.9 },
    delta1: 11.3,
    delta2: 13.9,
  },
  {
    model: "InternViT-6B-448px-V1.2",
    linear: { sets: [40.7, 36.1], average: 38.4 },
    head: { sets: [55.2, 48.8], average: 52.0 },
    full: { sets: [58.8, 51.7], average: 55.2 },
    delta1: 13.6,
    delta2: 16.8,
  },
  {
    model: "InternViT-6B-448px-V1.5",
    linear: { sets: [40.9, 36.3], average: 38.6 },
    head: { sets: [55.0, 49.1], average: 52.0 },
    full: { sets: [58.8, 51.5], average: 55.2 },
    delta1: 13.4,
    delta2: 16.6,
  },
  {
    model: "InternViT-6B-448px-V2.5",
    linear: { sets: [39.4, 35.6], average: 37.5 },
    head: { sets: [55.4, 49.7], average: 52.6 },
    full: { sets: [58.6, 51.8], average: 55.2 },
    delta1: 15.1,
    delta2: 17.7,
  },
];

/** The published row of a model, by any of its names. */
export function findPublishedSegmentation(model: string): PublishedSegmentationRow | undefined {
  const name = publishedName(model);
  return PUBLISHED_SEGMENTATION_ROWS.find((found) => found.model === name);
}

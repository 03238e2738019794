// What a segmentation run found, for a terminal: a line per head.

import { changedFields } from "./changed-fields.ts";
import { difference } from "./result-table.ts";
import type { SegmentationResult } from "./segmentation-result.ts";
import { summarizeSegmentation } from "./segmentation-summary.ts";
import { decimals, plainTable, signed } from "./text-table.ts";

/** A table of the heads of a result and what is to be known of it, without a line break at the end. */
export function segmentationTable(result: SegmentationResult): string {
  const { model, protocol, title, heads, published, reservations } = summarizeSegmentation(result);
  const head = ["head", "mIoU", "mAcc", "aAcc", "boundary IoU", "pictures", "unreadable"];
  const rows = heads.map((score) => [
    score.name,
    decimals(score.meanIou, 2),
    decimals(score.meanAccuracy, 2),
    decimals(score.pixelAccuracy, 2),
    decimals(score.boundaryIou, 2),
    String(score.pictures),
    String(score.unreadable),
    ...(published === null
      ? []
      : [decimals(published, 1), signed(difference(score.meanIou, published), 2)]),
  ]);
  const columns = published === null ? head : [...head, "published", "difference"];
  return [
    `${model}, ${protocol}, on ${title}; in percent`,
    "",
    plainTable([columns, ...rows]),
    "",
    ...changedFields(result.protocol).map((text) => `${text}.`),
    ...reservations.map((text) => `Published numbers: ${text}.`),
    ...result.warnings.map((text) => `Warning: ${text}`),
  ]
    .join("\n")
    .trimEnd();
}

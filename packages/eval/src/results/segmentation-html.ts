// The report of a segmentation result.

import { curvesSection } from "./html/curves.ts";
import { type ExamplePictures, examplesSection } from "./html/examples.ts";
import { html } from "./html/markup.ts";
import { reportPage } from "./html/page.ts";
import { provenanceSection } from "./html/provenance.ts";
import { segmentationClassesSection } from "./html/segmentation-classes.ts";
import { segmentationScoresSection } from "./html/segmentation-scores.ts";
import type { SegmentationResult } from "./segmentation-result.ts";
import { summarizeSegmentation } from "./segmentation-summary.ts";

/** Options of `segmentationHtmlReport`. */
export interface SegmentationHtmlOptions {
  /** Those of the examples by their index in the set; `readExamplePictures` of `./node` makes them. Default: none. */
  readonly pictures?: ReadonlyMap<number, ExamplePictures>;
  /** SHA-256 of the result's JSON, to be printed. */
  readonly hash?: string;
}

/** The report as an HTML document. */
export function segmentationHtmlReport(
  result: SegmentationResult,
  { pictures = new Map(), hash }: SegmentationHtmlOptions = {},
): string {
  const { val, curves, warnings } = result;
  const summary = summarizeSegmentation(result);
  const [head] = summary.heads;
  const { data, unreadable, scores } = val;
  const sets = [{ data, unreadable, unreadableCount: scores[0]!.unreadable }];
  return reportPage(result, {
    title: summary.model,
    line: `${summary.protocol} · ${summary.title} · head: ${head!.name}`,
    headline: [
      ["mIoU", head!.meanIou],
      ["mAcc", head!.meanAccuracy],
      ["aAcc", head!.pixelAccuracy],
      ["boundary IoU", head!.boundaryIou],
    ],
    main: html`${segmentationScoresSection(summary, { warnings })}
    ${curvesSection({ curves, grid: [] })} ${segmentationClassesSection(val)}
    ${examplesSection(val, pictures)} ${provenanceSection(result, { hash, sets })}`,
  });
}

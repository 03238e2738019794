// The HTML report in a file.

import { hashResult } from "../../results/encode-result.ts";
import { htmlReport } from "../../results/html-report.ts";
import type { ClassificationResult } from "../../results/result.ts";
import { segmentationHtmlReport } from "../../results/segmentation-html.ts";
import type { SegmentationResult } from "../../results/segmentation-result.ts";

import { type ExamplePicturesOptions, readExamplePictures } from "./example-pictures.ts";
import { readThumbnails, type ThumbnailOptions } from "./thumbnails.ts";
import { writeWholeFile } from "../whole-file.ts";

/**
 * Writes the report of a result as one HTML file, whole or not at all, with pictures of the sets that are at hand.
 *
 * @throws EvalError as `readThumbnails` does, and `io`
 */
export async function writeHtmlReport(
  path: string,
  result: ClassificationResult,
  options: ThumbnailOptions,
): Promise<void> {
  const thumbnails = await readThumbnails(result, options);
  const hash = await hashResult(result);
  await writeWholeFile(path, htmlReport(result, { thumbnails, hash }));
}

/**
 * The same of a segmentation result, with the pictures of its examples; input, truth and errors where the set is given.
 *
 * @throws EvalError as `readExamplePictures` does, and `io`
 */
export async function writeSegmentationHtmlReport(
  path: string,
  result: SegmentationResult,
  options: ExamplePicturesOptions = {},
): Promise<void> {
  const pictures = await readExamplePictures(result, options);
  const hash = await hashResult(result);
  await writeWholeFile(path, segmentationHtmlReport(result, { pictures, hash }));
}

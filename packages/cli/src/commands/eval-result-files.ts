// The results of `internvit eval` in files: JSON, Markdown and a page.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  type ClassificationResult,
  classesMarkdown,
  type EvaluationResult,
  resultsMarkdown,
  type SegmentationResult,
  segmentationMarkdown,
} from "@internvit/eval";
import {
  type StoredClassificationSet,
  type StoredSegmentationSet,
  writeHtmlReport,
  writeResult,
  writeSegmentationHtmlReport,
} from "@internvit/eval/node";

import { writeError } from "../errors.ts";

/** Where results are written. */
interface ReportPlace<Sets> {
  readonly folder: string;
  /** The sets that were scored. */
  readonly val: Sets;
  readonly signal: AbortSignal;
}

/** Writes a result of classification, and returns the paths of its files. */
export async function writeReports(
  result: ClassificationResult,
  { folder, val, signal }: ReportPlace<readonly StoredClassificationSet[]>,
): Promise<readonly [string, ...string[]]> {
  return writeFiles(result, {
    folder,
    markdown: resultsMarkdown([result]),
    writePage: (page) => writeHtmlReport(page, result, { sets: val, signal }),
  });
}

/** Writes a result of segmentation, and returns the paths of its files. */
export async function writeSegmentationReports(
  result: SegmentationResult,
  { folder, val: set, signal }: ReportPlace<StoredSegmentationSet>,
): Promise<readonly [string, ...string[]]> {
  return writeFiles(result, {
    folder,
    markdown: `${segmentationMarkdown([result])}\n${classesMarkdown(result)}`,
    writePage: (page) => writeSegmentationHtmlReport(page, result, { set, signal }),
  });
}

async function writeFiles(
  result: EvaluationResult,
  options: {
    readonly folder: string;
    readonly markdown: string;
    readonly writePage: (path: string) => Promise<void>;
  },
): Promise<readonly [string, ...string[]]> {
  const [json, markdown, page] = ["results.json", "results.md", "report.html"].map((name) =>
    join(options.folder, name),
  ) as [string, string, string];
  await writeResult(json, result);
  await writeFile(markdown, options.markdown).catch((cause: unknown) => {
    throw writeError(markdown, cause);
  });
  await options.writePage(page);
  return [json, markdown, page];
}

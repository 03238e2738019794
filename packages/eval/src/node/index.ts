// @internvit/eval/node: data sets, results and checkpoints in files.

export type { ClassificationSet } from "../datasets/classification-set.ts";

export { writeHtmlReport } from "./report/html-file.ts";
export { readResult, sha256OfResult, writeResult } from "./report/result-file.ts";
export { readThumbnails, type ThumbnailOptions } from "./report/thumbnails.ts";

// @internvit/eval/node: data sets, results and checkpoints in files.

export type { ClassificationSet } from "../datasets/classification-set.ts";
export type { SegmentationSet } from "../datasets/segmentation-set.ts";
export {
  type BadPicture,
  checkPictures,
  type CheckPicturesOptions,
  type PictureCheck,
} from "./datasets/check-pictures.ts";
export { checkSegmentation, type SegmentationCheck } from "./datasets/check-segmentation.ts";
export type { ListingProgress } from "./datasets/listing.ts";
export { openClassificationSet, type OpenSetOptions } from "./datasets/open-classification-set.ts";
export {
  openSegmentationSet,
  type OpenSegmentationOptions,
  type StoredSegmentationSet,
} from "./datasets/open-segmentation-set.ts";
export type { HowMany, PictureProgress } from "./datasets/some-pictures.ts";
export {
  type ComparedSet,
  findSharedPictures,
  type FindSharedOptions,
  type SharedPicture,
  type SharedPictures,
} from "./datasets/shared-pictures.ts";
export type { DataLayout, PassedOver, StoredClassificationSet } from "./datasets/stored-set.ts";
export { openSegmentationHead } from "./heads/open-segmentation-head.ts";
export { readLabelPng } from "./png/read-png.ts";
export { folderStorage } from "./runs/folder-storage.ts";

export { type ExamplePicturesOptions, readExamplePictures } from "./report/example-pictures.ts";
export { writeHtmlReport, writeSegmentationHtmlReport } from "./report/html-file.ts";
export { readResult, writeResult } from "./report/result-file.ts";
export { readThumbnails, type ThumbnailOptions } from "./report/thumbnails.ts";

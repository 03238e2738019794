// @internvit/eval/node: data sets, results and checkpoints in files.

export type { ClassificationSet } from "../datasets/classification-set.ts";
export type { ListingProgress } from "./datasets/listing.ts";
export { openClassificationSet, type OpenSetOptions } from "./datasets/open-classification-set.ts";
export type { DataLayout, PassedOver, StoredClassificationSet } from "./datasets/stored-set.ts";
export { folderStorage } from "./runs/folder-storage.ts";

// @internvit/eval/node: data sets, results and checkpoints in files.

export type { ClassificationSet } from "../datasets/classification-set.ts";

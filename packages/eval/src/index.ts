// @internvit/eval: probes of frozen features. Runs anywhere; files are read and written by ./node.

export type { ClassificationSet, LabelledPicture } from "./datasets/classification-set.ts";
export { EvalError, type EvalErrorCode, isEvalError } from "./errors.ts";

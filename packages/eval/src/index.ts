// @internvit/eval: probes of frozen features. Runs anywhere; files are read and written by ./node.

export {
  findSetProblems,
  type SetNumbers,
  type SetProblem,
  type SetProblemCode,
} from "./datasets/check-set.ts";
export type { ClassificationSet, LabelledPicture } from "./datasets/classification-set.ts";
export { type DataSpec, parseDataSpec } from "./datasets/data-spec.ts";
export {
  KNOWN_SET_NAMES,
  type KnownSet,
  type KnownSetName,
  knownSet,
  type Split,
} from "./datasets/known-sets.ts";
export { imagenetWnids } from "./datasets/imagenet-wnids.ts";
export { listHashLine } from "./datasets/list-hash.ts";
export { type ListedPicture, parseListLine } from "./datasets/list-line.ts";
export { type CsvRow, parseCsv } from "./datasets/parse-csv.ts";
export { parseRealLabels, validationNumber } from "./datasets/real-labels.ts";
export { EvalError, type EvalErrorCode, isEvalError } from "./errors.ts";

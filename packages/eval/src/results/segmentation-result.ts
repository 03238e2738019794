// The result of a segmentation evaluation: everything that somebody needs to believe a number, or to get it again.
// Written once at the end of a run as JSON; tables, reports and comparisons are made from it and from nothing else.
// A value that is not known is null, never missing.

import type { PictureError } from "../scoring/score.ts";
import type {
  DataFacts,
  EnvironmentFacts,
  HeadFacts,
  LearningCurve,
  ModelFacts,
  ProtocolFacts,
  TimeFacts,
} from "./result.ts";

/** What the JSON's field `format` says. */
export const SEGMENTATION_RESULT_FORMAT = "internvit-segmentation-result";

/** The result of a segmentation evaluation. */
export interface SegmentationResult {
  readonly format: typeof SEGMENTATION_RESULT_FORMAT;
  readonly version: 1;
  /** When the run ended, in ISO 8601, UTC. */
  readonly finished: string;
  readonly model: ModelFacts;
  readonly protocol: ProtocolFacts;
  readonly train: SegmentationDataFacts;
  readonly environment: EnvironmentFacts;
  readonly seed: number;
  readonly times: TimeFacts;
  /** What was measured during training; their x is the iteration ("step"). */
  readonly curves: readonly LearningCurve[];
  /** The scored heads; the first is the one that tables show. `epoch` is null; `choice` names the iteration. */
  readonly heads: readonly HeadFacts[];
  readonly val: SegmentationSetResult;
  /** What a reader should know: blocks or settings that are derived, pictures that were left out. */
  readonly warnings: readonly string[];
}

/** A data set; `listHash` is of keys without labels. */
export type SegmentationDataFacts = DataFacts;

/** Scores of a set. */
export interface SegmentationSetResult {
  readonly data: SegmentationDataFacts;
  /** What each label is called. */
  readonly classes: readonly string[];
  /** One per head, in the same order. */
  readonly scores: readonly SegmentationSetScore[];
  /** Pictures that could not be read, at most MAX_NAMED_PICTURES of them by name. */
  readonly unreadable: readonly PictureError[];
  /** Of the first head: the worst, the middle and the best pictures, in this order. */
  readonly examples: readonly SegmentationExample[];
}

/** A head's scores; shares from 0 to 1. */
export interface SegmentationSetScore {
  /** Pictures that were scored. */
  readonly pictures: number;
  readonly unreadable: number;
  readonly meanIou: number | null;
  readonly meanAccuracy: number | null;
  readonly pixelAccuracy: number | null;
  /** Mean over classes of the IoU of their boundaries; an extra that the report does not have. */
  readonly boundaryIou: number | null;
  /** In the order of the classes. */
  readonly perClass: {
    readonly iou: readonly (number | null)[];
    readonly accuracy: readonly (number | null)[];
    readonly boundaryIou: readonly (number | null)[];
    /** Pixels. */
    readonly intersection: readonly number[];
    readonly predicted: readonly number[];
    readonly labelled: readonly number[];
  };
}

/** A picture with what was predicted for it. */
export interface SegmentationExample {
  readonly index: number;
  readonly key: string;
  readonly place: "worst" | "median" | "best";
  /** Mean IoU over the classes of this picture alone. */
  readonly meanIou: number | null;
  /** The predicted labels at the picture's size: a PNG with one byte for each pixel, in base64. */
  readonly prediction: string;
}

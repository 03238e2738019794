// What a segmentation run is given and what it gives.

import type { Checkpoint, EncoderOutput, InputSize, VisionEncoder } from "@internvit/model-core";

import type { SegmentationSet } from "../../datasets/segmentation-set.ts";
import type { HeadFacts, LearningCurve, TimeFacts } from "../../results/result.ts";
import type { SegmentationSetResult } from "../../results/segmentation-result.ts";
import type { CommonRunOptions } from "../run-options.ts";

/**
 * Opens encoders of the run's model, which normalise with `SEGMENTATION_NORMALIZATION`. They belong to whoever asked,
 * who disposes of them.
 */
export type OpenEncoders = (options: {
  readonly inputSize: InputSize;
  readonly outputs: readonly EncoderOutput[];
}) => Promise<readonly VisionEncoder[]>;

/** What a segmentation run works with. */
export interface SegmentationRunOptions extends CommonRunOptions {
  readonly checkpoint: Checkpoint;
  /** What results call the model. */
  readonly model: { readonly name: string; readonly checkpointHash: string | null };
  /** For protocols that do not train the encoder. */
  readonly openEncoders: OpenEncoders;
  readonly train: SegmentationSet;
  /** Its classes are those of `train`. */
  readonly val: SegmentationSet;
  /** What `planSegmentation` measured. */
  readonly costs?: SegmentationCosts;
}

/** Milliseconds. */
export interface SegmentationCosts {
  /** For each iteration, with its pictures. */
  readonly iteration: number;
  /** For each picture that is scored. */
  readonly picture: number;
}

/** What a run found: the parts of a `SegmentationResult` that do not depend on who ran it. */
export interface SegmentationRunOutcome {
  readonly curves: readonly LearningCurve[];
  readonly heads: readonly HeadFacts[];
  readonly val: SegmentationSetResult;
  readonly warnings: readonly string[];
  readonly times: TimeFacts;
}

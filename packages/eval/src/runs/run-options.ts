// What every run is given and what it gives.

import type { GraphRuntime, VisionEncoder } from "@internvit/model-core";

import type { ClassificationSet } from "../datasets/classification-set.ts";
import type {
  GridEntry,
  HeadFacts,
  LearningCurve,
  SetResult,
  TimeFacts,
} from "../results/result.ts";
import type { DecodePicture } from "./prepared-pictures.ts";
import type { OnRunEvent } from "./run-events.ts";
import type { RunStorage } from "./run-storage.ts";

/** What every run works with, whatever its task. Everything stays the caller's. */
export interface CommonRunOptions {
  /** Trains and evaluates. */
  readonly runtime: GraphRuntime;
  readonly decode: DecodePicture;
  readonly storage: RunStorage;
  /** Default: nobody is told. */
  readonly onEvent?: OnRunEvent;
  /**
   * Ends the run; the promise rejects with its reason. What was saved stays, and the same call on the same storage goes
   * on from there.
   */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds between two checkpoints, more where one takes over a twentieth of that; 0: after every step. Default
   * 30,000.
   */
  readonly checkpointMilliseconds?: number;
}

/** What a classification run works with. */
export interface RunOptions extends CommonRunOptions {
  /** Of the same model, with the outputs that `encoderOutputs` names, for square pictures. */
  readonly encoders: readonly VisionEncoder[];
  readonly train: ClassificationSet;
  /** Their classes are those of `train`, or columns of them. */
  readonly val: readonly ClassificationSet[];
  /** What `planClassification` measured, for the time that is left before the run has measured it itself. */
  readonly costs?: RunCosts;
}

/** Milliseconds. */
export interface RunCosts {
  /** For each picture, with as many at a time as there are encoders. */
  readonly picture: number;
  /** For each step of the head. */
  readonly update: number;
}

/** What a run found: the parts of a `ClassificationResult` that do not depend on who ran it. */
export interface RunOutcome {
  readonly grid: readonly GridEntry[];
  readonly curves: readonly LearningCurve[];
  readonly heads: readonly HeadFacts[];
  readonly sets: readonly SetResult[];
  readonly warnings: readonly string[];
  readonly times: TimeFacts;
}

/** The trained head in the storage, once a run is done. */
export const HEAD_FILE = "head.safetensors";

/** Between two checkpoints within an epoch, where nothing else is said. */
export const CHECKPOINT_MILLISECONDS = 30_000;

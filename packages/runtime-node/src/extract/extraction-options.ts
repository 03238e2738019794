// What an extraction is asked for and what it says while it runs.

import type { JsonFacts } from "@internvit/model-core";

import type { PipelineOptions } from "../pipeline/extract-features.ts";
import type { BadPicture } from "../pipeline/pictures.ts";
import type { StageLoads } from "../pipeline/stage-clock.ts";
import type { FeatureStorage } from "./shard-plan.ts";

/** Pictures of a shard where nothing else is said. */
export const DEFAULT_SHARD_SIZE = 4096;

/** Options of `extractToShards`. */
export interface ExtractToShardsOptions extends PipelineOptions {
  /** The folder; made where it is not there. */
  readonly output: string;
  /**
   * Pictures that are encoded together; the encoder must have been made for as many, with `"auto"` for
   * `MAX_AUTO_BATCH`. `"auto"` tries at the start and keeps to the result when the run goes on. Default 1.
   */
  readonly batchSize?: number | "auto";
  /** Pictures of a shard. Default 4096. */
  readonly shardSize?: number;
  /** Element type of the stored features. Default `"float32"`, what the encoder gives. */
  readonly storage?: FeatureStorage;
  /** Removes what an extraction left in the folder and starts anew. Default false. */
  readonly restart?: boolean;
  /** Compares finished shards of an earlier run with their hashes, not only with their sizes. Default false. */
  readonly verify?: boolean;
  /** For the manifest: what the caller wants to be known of how it was made. Must be the same when a run goes on. */
  readonly provenance?: JsonFacts;
  /** Told what happens. */
  readonly onEvent?: (event: ExtractionEvent) => void;
}

/** How far an extraction is. */
export interface ExtractionProgress {
  /** Pictures that are written or bad, those of earlier runs included. */
  readonly done: number;
  readonly total: number;
  /** Bad ones of `done`. */
  readonly bad: number;
  /** In this run. */
  readonly picturesPerSecond: number;
  /** Milliseconds that are left at this speed. */
  readonly remainingMilliseconds: number;
  readonly loads: StageLoads;
}

/** What an extraction says while it runs. */
export type ExtractionEvent =
  | { readonly kind: "started"; readonly done: number; readonly total: number }
  | { readonly kind: "progress"; readonly progress: ExtractionProgress }
  | { readonly kind: "bad"; readonly picture: BadPicture }
  /** Something of an earlier run is made again. */
  | { readonly kind: "damaged"; readonly message: string };

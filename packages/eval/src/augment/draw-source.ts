// Where random draws come from: a generator of its own for every sample of every epoch and for every batch, named by
// numbers alone. So any worker can draw for any sample, in any order, and a resumed run draws what it would have drawn.

import { createRandom, type Random } from "@internvit/model-core";

/** Which sample of a run is drawn for. */
export interface SampleKey {
  /** Seed of the run: a whole number, 0 or more. */
  readonly seed: number;
  /** From 0, below 2^32. */
  readonly epoch: number;
  /** The sample's position in the data set, below 2^32: not its place in the epoch's order. */
  readonly index: number;
}

/** Which batch of a run is drawn for. */
export interface BatchKey {
  /** Seed of the run: a whole number, 0 or more. */
  readonly seed: number;
  /** From 0, below 2^32. */
  readonly epoch: number;
  /** The batch's number within the epoch, from 0. */
  readonly batch: number;
}

// The last step of a path keeps the generators of different purposes apart.
const PURPOSES = { resizedCrop: 1, mixing: 2, segmentation: 3 } as const;

/** The generator of a sample. @throws ModelError `invalid-argument` for numbers out of range */
export function sampleRandom(key: SampleKey, purpose: "resizedCrop" | "segmentation"): Random {
  return createRandom(key.seed, [key.epoch, key.index, PURPOSES[purpose]]);
}

/** The generator of a batch. @throws ModelError `invalid-argument` for numbers out of range */
export function batchRandom(key: BatchKey): Random {
  return createRandom(key.seed, [key.epoch, key.batch, PURPOSES.mixing]);
}

// `extractToShards`: features of any number of image files in safetensors shards of a folder, in a run that can be
// ended at any moment and goes on where it was. The folder's files: shard-files.ts. How batches are formed:
// encode-slices.ts; no batch crosses the end of a shard, so a shard's bytes depend on its pictures alone.

import { rm } from "node:fs/promises";
import { join } from "node:path";

import { encodeSlices, type Slice } from "../pipeline/encode-slices.ts";
import {
  checkCount,
  defaultWorkers,
  encodersOf,
  stageCapacity,
} from "../pipeline/extract-features.ts";
import { lockOutput } from "../output-lock.ts";
import { createStageClock, type StageLoads } from "../pipeline/stage-clock.ts";
import type { ExtractToShardsOptions } from "./extraction-options.ts";
import { type ExtractionTotals, writeManifest } from "./manifest.ts";
import { openPlan, shardPlans, storedOutputs } from "./open-plan.ts";
import { makeFolder, openOutputFolder, type OutputState, readOutputState } from "./output-state.ts";
import type { PictureList } from "./picture-list.ts";
import { LOCK_FILE, MANIFEST_FILE } from "./shard-files.ts";
import type { StoredOutput } from "./shard-plan.ts";
import { writeBatches } from "./write-batches.ts";

/** What an extraction made. */
export interface ExtractionSummary extends ExtractionTotals {
  /** Path of the manifest. */
  readonly manifest: string;
  readonly outputs: readonly StoredOutput[];
  readonly batchSize: number;
  /** Pictures that were done by this run. */
  readonly extracted: number;
  /** Milliseconds of this run. */
  readonly milliseconds: number;
  readonly loads: StageLoads;
}

/**
 * Writes the features, or goes on with it: the same call on the same folder continues after a kill, a full disk or an
 * abort, and ends with the bytes that an undisturbed run would have written.
 *
 * @throws RuntimeError `exists` when the folder holds something else or another process writes to it, `no-space`,
 * `io`, `invalid-argument`, `worker-lost`; PreprocessError for a bad picture; what the encoder throws; the signal's
 * reason. What was finished stays.
 */
export async function extractToShards(
  pictures: PictureList,
  options: ExtractToShardsOptions,
): Promise<ExtractionSummary> {
  options.signal?.throwIfAborted();
  await makeFolder(options.output);
  await using _ = await lockOutput(join(options.output, LOCK_FILE));
  return await extract(pictures, options);
}

async function extract(
  list: PictureList,
  options: ExtractToShardsOptions,
): Promise<ExtractionSummary> {
  const { output, restart = false, verify = false, signal, onEvent = () => {} } = options;
  const encoders = encodersOf(options);
  const workers = options.workers ?? defaultWorkers(encoders);
  checkCount("workers", workers);
  checkCount("the number of pictures", list.keys.length);
  await openOutputFolder(output, { restart });
  const { plan, pictures } = await openPlan(list, options);
  const { batch_size: batchSize } = plan.settings;
  const outputs = storedOutputs(plan);
  const state = await readOutputState(shardPlans(pictures, { plan, outputs, folder: output }), {
    verify,
    onDamage: (message) => onEvent({ kind: "damaged", message }),
  });
  const total = pictures.keys.length;
  onEvent({ kind: "started", done: state.done, total });
  const clock = createStageClock(stageCapacity({ workers, encoders: encoders.length, writers: 1 }));
  const begin = performance.now();
  if (state.unfinished.length > 0) {
    // A manifest says that everything is there.
    await rm(join(output, MANIFEST_FILE), { force: true });
    const batches = encodeSlices(slicesOf(state, pictures), {
      ...options,
      encoders,
      workers,
      batchSize,
      onBadPicture: options.onBadPicture ?? "fail",
      clock,
      signal,
    });
    const shardSize = plan.settings.shard_size;
    await writeBatches(batches, { state, shardSize, outputs, clock, total, signal, onEvent });
  }
  const milliseconds = performance.now() - begin;
  const totals = await writeManifest(output, { plan, outputs });
  return {
    ...totals,
    manifest: join(output, MANIFEST_FILE),
    outputs,
    batchSize,
    extracted: total - state.done,
    milliseconds,
    loads: clock.loads(),
  };
}

/** What is left to be encoded, in order. */
function* slicesOf({ unfinished }: OutputState, { pathOf }: PictureList): Generator<Slice> {
  for (const { plan, batches } of unfinished) {
    const { keys, first, batchSize } = plan;
    for (let start = batches * batchSize; start < keys.length; start += batchSize) {
      yield {
        pictures: keys
          .slice(start, start + batchSize)
          .map((key, i) => ({ key, path: pathOf(key), position: first + start + i })),
      };
    }
  }
}

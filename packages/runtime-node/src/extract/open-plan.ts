// The plan of a run: the one that its folder holds, when it is the same, or a new one. What follows from it: the
// stored outputs and the shards.

import type { JsonFacts } from "@internvit/model-core";
import { join } from "node:path";

import { RuntimeError } from "../errors.ts";
import { checkCount, encodersOf } from "../pipeline/extract-features.ts";
import { measureBatchSize } from "./batch-size.ts";
import { DEFAULT_SHARD_SIZE, type ExtractToShardsOptions } from "./extraction-options.ts";
import {
  checkSamePlan,
  type ExtractionPlan,
  type ExtractionSettings,
  makePlan,
  readPlan,
} from "./extraction-plan.ts";
import { type PictureList, writePictureList } from "./picture-list.ts";
import { probeEncoder } from "./probe.ts";
import { PICTURES_FILE, PLAN_FILE } from "./shard-files.ts";
import { batchCount, type ShardPlan, type StoredOutput } from "./shard-plan.ts";
import { writeWholeFile } from "./write-whole-file.ts";

/**
 * The folder's plan when it is this run's; a new one, stored, where there is none.
 *
 * @throws RuntimeError `exists` when the folder holds another extraction, `invalid-argument`, `no-space`, `io`
 */
export async function openPlan(
  list: PictureList,
  options: ExtractToShardsOptions,
): Promise<{ readonly plan: ExtractionPlan; readonly pictures: PictureList }> {
  const { output, batchSize = 1, shardSize = DEFAULT_SHARD_SIZE, storage = "float32" } = options;
  const { preparation, orientation = "ignore", maxPixels, maxSide, provenance = {} } = options;
  const { signal } = options;
  const [encoder] = encodersOf(options);
  if (encoder === undefined) throw new RuntimeError("invalid-argument", "expected an encoder");
  checkCount("shardSize", shardSize);
  if (batchSize !== "auto") checkCount("batchSize", batchSize);
  const planned = await readPlan(output);
  const size =
    batchSize === "auto"
      ? (planned?.settings.batch_size ?? (await measureBatchSize(encoder, { signal })))
      : batchSize;
  const { loadMilliseconds: _, ...info } = encoder.info;
  const settings: ExtractionSettings = {
    batch_size: size,
    shard_size: shardSize,
    storage,
    pictures: toJson({ ...preparation, orientation, maxPixels, maxSide }),
    encoder: toJson(info),
  };
  const probe = await probeEncoder(encoder, { signal });
  const plan = await makePlan(list, { settings, probe, provenance: toJson(provenance) });
  if (planned !== undefined) {
    const pictures = await checkSamePlan(planned, { plan, list, folder: output });
    return { plan: planned, pictures };
  }
  await writePictureList(join(output, PICTURES_FILE), list);
  await writeWholeFile(join(output, PLAN_FILE), [`${JSON.stringify(plan, null, 2)}\n`]);
  return { plan, pictures: list };
}

/** As it will be when it is read again: without what is undefined. */
function toJson(facts: object): JsonFacts {
  return JSON.parse(JSON.stringify(facts)) as JsonFacts;
}

/** What is stored of every picture. */
export function storedOutputs({ probe, settings }: ExtractionPlan): readonly StoredOutput[] {
  return Object.entries(probe.rowShapes).map(([name, rowShape]) => ({
    name,
    dtype: settings.storage,
    rowShape,
  }));
}

/** All shards, in order. */
export function* shardPlans(
  { keys }: PictureList,
  options: {
    readonly plan: ExtractionPlan;
    readonly outputs: readonly StoredOutput[];
    readonly folder: string;
  },
): Generator<ShardPlan> {
  const { plan, outputs, folder } = options;
  const { shard_size: size, batch_size: batchSize, encoder } = plan.settings;
  const { synthesized } = encoder;
  const metadata = typeof synthesized === "string" ? { synthesized } : {};
  for (let shard = 0; shard < batchCount(keys.length, size); shard++) {
    const first = shard * size;
    yield {
      folder,
      shard,
      first,
      keys: keys.slice(first, first + size),
      batchSize,
      outputs,
      metadata,
    };
  }
}

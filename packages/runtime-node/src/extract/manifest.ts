// The JSON that says what an extraction is as a whole. Written last: a folder with a manifest is complete.

import { join } from "node:path";

import { RuntimeError } from "../errors.ts";
import type { ExtractionPlan } from "./extraction-plan.ts";
import { MANIFEST_FILE, shardFiles, shardName } from "./shard-files.ts";
import { readShardIndex } from "./shard-index.ts";
import { batchCount, type StoredOutput } from "./shard-plan.ts";
import { writeWholeFile } from "./write-whole-file.ts";

/** What the shards hold in all. */
export interface ExtractionTotals {
  /** Pictures of the input. */
  readonly pictures: number;
  /** Those with features. */
  readonly rows: number;
  /** Those without. */
  readonly bad: number;
  readonly shards: number;
}

/** Writes the manifest of a folder whose shards are all finished. */
export async function writeManifest(
  folder: string,
  { plan, outputs }: { readonly plan: ExtractionPlan; readonly outputs: readonly StoredOutput[] },
): Promise<ExtractionTotals> {
  const { settings, provenance, probe: _, ...facts } = plan;
  const shards: object[] = [];
  let rows = 0;
  let bad = 0;
  for (let shard = 0; shard < batchCount(plan.pictures.count, settings.shard_size); shard++) {
    const { index } = shardFiles(folder, shard);
    const found = await readShardIndex(index);
    if (found === undefined) throw new RuntimeError("io", `${index} cannot be read again`);
    const { file, byteLength, sha256, first, pictures, keys } = found;
    shards.push({
      file,
      index: shardName(shard).replace(/safetensors$/, "json"),
      byte_length: byteLength,
      sha256,
      first,
      pictures,
      rows: keys.length,
      bad: found.bad.length,
    });
    rows += keys.length;
    bad += found.bad.length;
  }
  const totals = { pictures: plan.pictures.count, rows, bad, shards: shards.length };
  const manifest = {
    ...facts,
    order:
      "rows are in the order of pictures.jsonl without the bad pictures; the index beside a shard has the key of each of its rows and says why a picture is bad",
    totals,
    outputs: outputs.map(({ name, dtype, rowShape }) => ({ name, dtype, row_shape: rowShape })),
    shards,
    settings,
    provenance,
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  await writeWholeFile(join(folder, MANIFEST_FILE), [text]);
  return totals;
}

// The pictures of a report, small enough that hundreds fit into one file.

import type { ClassificationSet } from "../../datasets/classification-set.ts";
import { picturesInReport } from "../../results/html-report.ts";
import type { Thumbnails } from "../../results/html/worst-classes.ts";
import type { ClassificationResult } from "../../results/result.ts";
import { checkScoredList } from "./scored-list.ts";
import { smallJpeg } from "./small-jpeg.ts";

/** Options of `readThumbnails`. */
export interface ThumbnailOptions {
  /** The sets of the result that are at hand; pictures of others are shown by name. */
  readonly sets: readonly ClassificationSet[];
  /** Pixels per edge; default 112, which is sharp on a screen of two pixels per point. */
  readonly size?: number;
  readonly signal?: AbortSignal;
}

/** Pictures in the making at one time. */
const AT_ONCE = 8;

/**
 * The pictures that a report of the result shows, as data URIs. A picture that cannot be decoded is left out: the report
 * says its name.
 *
 * @throws EvalError `mismatch` when a set is not the one that was scored, `io` when it cannot be read
 */
export async function readThumbnails(
  result: ClassificationResult,
  options: ThumbnailOptions,
): Promise<ReadonlyMap<string, Thumbnails>> {
  const { sets, size = 112, signal } = options;
  const wanted = picturesInReport(result);
  const all = new Map<string, Thumbnails>();
  for (const { data } of result.sets) {
    const set = sets.find(({ name }) => name === data.name);
    if (set === undefined) continue;
    checkScoredList(set, data);
    all.set(data.name, await thumbnailsOf(set, { indices: wanted.get(data.name)!, size, signal }));
  }
  return all;
}

async function thumbnailsOf(
  set: ClassificationSet,
  options: {
    readonly indices: readonly number[];
    readonly size: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Thumbnails> {
  const { indices, size, signal } = options;
  const found = new Map<number, string>();
  for (let start = 0; start < indices.length; start += AT_ONCE) {
    signal?.throwIfAborted();
    const part = indices.slice(start, start + AT_ONCE);
    const addresses = await Promise.all(
      part.map(async (index) =>
        // Upright, as people look at pictures.
        smallJpeg(await set.read(index, signal), { size, fit: "cover", oriented: true }),
      ),
    );
    for (const [at, address] of addresses.entries()) {
      if (address !== null) found.set(part[at]!, address);
    }
  }
  return found;
}

// The pictures of a report, small enough that hundreds fit into one file.

import sharp from "sharp";

import type { ClassificationSet } from "../../datasets/classification-set.ts";
import { EvalError } from "../../errors.ts";
import { picturesInReport } from "../../results/html-report.ts";
import type { Thumbnails } from "../../results/html/worst-classes.ts";
import type { ClassificationResult } from "../../results/result.ts";

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
    if (set.listHash !== data.listHash) {
      throw new EvalError(
        "mismatch",
        `${set.name} at ${set.origin}: expected the list ${data.listHash} that was scored, found ${set.listHash}`,
        { subject: set.origin },
      );
    }
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
      part.map(async (index) => shrink(await set.read(index, signal), size)),
    );
    for (const [at, address] of addresses.entries()) {
      if (address !== undefined) found.set(part[at]!, address);
    }
  }
  return found;
}

/** A small JPEG of the middle of a picture, as a data URI; undefined for what cannot be decoded. */
async function shrink(bytes: Uint8Array, size: number): Promise<string | undefined> {
  try {
    const jpeg = await sharp(bytes, { failOn: "none" })
      .rotate()
      .resize(size, size, { fit: "cover" })
      .flatten({ background: "#ffffff" })
      .jpeg({ quality: 72 })
      .toBuffer();
    return `data:image/jpeg;base64,${jpeg.toString("base64")}`;
  } catch {
    // The scores have counted it already; a report without one picture is better than none.
    return undefined;
  }
}

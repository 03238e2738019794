import { describe, expect, test } from "vitest";

import { featureBatches } from "../../src/runs/feature-batches.ts";
import type { FeatureShards } from "../../src/runs/feature-shards.ts";

/** Shards whose features are the numbers of their pictures, and how often each was read. */
function numbered(rows: readonly number[]): { shards: FeatureShards; reads: number[] } {
  const reads = rows.map(() => 0);
  const first = (shard: number) => rows.slice(0, shard).reduce((sum, count) => sum + count, 0);
  const shards: FeatureShards = {
    rows,
    total: first(rows.length),
    width: 2,
    unreadable: [],
    seconds: 0,
    async read(shard) {
      reads[shard]!++;
      const index = Int32Array.from({ length: rows[shard]! }, (_, row) => first(shard) + row);
      const features = Float32Array.from([...index].flatMap((value) => [value, -value]));
      return { features, index };
    },
  };
  return { shards, reads };
}

async function epochOf(
  shards: FeatureShards,
  options: {
    readonly shuffleRows: number;
    readonly epoch?: number;
    readonly from?: number;
    readonly together?: number;
  },
): Promise<readonly (readonly number[])[]> {
  const { shuffleRows, epoch = 0, from = 0, together = 1 } = options;
  const batches = featureBatches(shards, { batch: 8, shuffleRows, seed: 5, together });
  const found: number[][] = [];
  const counts: number[] = [];
  for await (const { count, features, index } of batches.epoch(epoch, from)) {
    expect([...features]).toEqual([...index].flatMap((value) => [value, -value]));
    expect(index).toHaveLength(8 * count);
    counts.push(count);
    for (let at = 0; at < count; at++) found.push([...index.subarray(8 * at, 8 * (at + 1))]);
  }
  expect(counts.slice(0, -1).every((count) => count === together)).toBe(true);
  expect(found).toHaveLength(batches.perEpoch - from);
  return found;
}

describe.each([
  ["held in memory", 100],
  ["streamed in windows", 30],
])("features that are %s", (_, shuffleRows) => {
  const ROWS = [13, 16, 16, 9, 16, 4];

  test("give every row at most once in an epoch, and only the last batch is left out", async () => {
    const { shards } = numbered(ROWS);
    const rows = (await epochOf(shards, { shuffleRows })).flat();
    expect(new Set(rows).size).toBe(72);
    expect(rows).toHaveLength(72);
  });

  test("are the same for the same seed and others in another epoch", async () => {
    const { shards } = numbered(ROWS);
    const first = await epochOf(shards, { shuffleRows });
    expect(await epochOf(numbered(ROWS).shards, { shuffleRows })).toEqual(first);
    expect(await epochOf(shards, { shuffleRows, epoch: 1 })).not.toEqual(first);
  });

  test("go on within an epoch with the batches that would have followed", async () => {
    const { shards } = numbered(ROWS);
    const first = await epochOf(shards, { shuffleRows });
    expect(await epochOf(shards, { shuffleRows, from: 4 })).toEqual(first.slice(4));
  });

  test("are the same ones, however many lie in one buffer", async () => {
    const { shards } = numbered(ROWS);
    const first = await epochOf(shards, { shuffleRows });
    expect(await epochOf(shards, { shuffleRows, together: 4 })).toEqual(first);
    expect(await epochOf(shards, { shuffleRows, together: 100, from: 2 })).toEqual(first.slice(2));
    expect(await epochOf(shards, { shuffleRows, together: 3, from: 9 })).toEqual([]);
  });
});

test("a set that fits is read once for all epochs, a larger one once in each", async () => {
  for (const [shuffleRows, expected] of [
    [40, 1],
    [39, 2],
  ] as const) {
    const { shards, reads } = numbered([10, 10, 10, 10]);
    const batches = featureBatches(shards, { batch: 8, shuffleRows, seed: 1, together: 2 });
    for (const epoch of [0, 1]) for await (const _ of batches.epoch(epoch, 0));
    expect(reads).toEqual([expected, expected, expected, expected]);
  }
});

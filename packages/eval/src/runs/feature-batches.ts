// The batches of an epoch from features in shards. Sets with at most `shuffleRows` rows are read once, stay in memory and
// are shuffled whole. Of larger ones the order of the shards is shuffled, and then the rows of as many shards as make a
// window of `shuffleRows`: memory is that of one window. Which rule holds depends on the protocol, not on the machine,
// so that results do not either.

import { mapAhead } from "./ahead.ts";
import { shuffled } from "./training-pictures.ts";
import type { ShardRows, FeatureShards } from "./feature-shards.ts";

/** The part of a seed's sequences that belongs to the batches; then the epoch, then 0 for the shards, 1… for windows. */
const BATCHES = 0x62617463;

/** Shards that are read while another is copied. */
const READ_AHEAD = 2;

/** Rows of one training step. */
export interface FeatureBatch {
  /** [batch, width]; new memory. */
  readonly features: Float32Array;
  /** The picture of each row. */
  readonly index: Int32Array;
}

/** Batches of whole epochs. */
export interface FeatureBatches {
  readonly perEpoch: number;
  /** Those of an epoch from the given one on; what is left after the last full batch is not used. */
  epoch(epoch: number, from: number): AsyncGenerator<FeatureBatch, void, undefined>;
}

/** Batches over shards. */
export function featureBatches(
  shards: FeatureShards,
  options: { readonly batch: number; readonly shuffleRows: number; readonly seed: number },
): FeatureBatches {
  const { batch, shuffleRows, seed } = options;
  const { width } = shards;
  const perEpoch = Math.floor(shards.total / batch);
  const resident = shards.total <= shuffleRows;
  let kept: ShardRows | undefined;

  async function* windows(epoch: number): AsyncGenerator<ShardRows, void, undefined> {
    const all = Int32Array.from(shards.rows, (_, shard) => shard);
    if (resident) {
      kept ??= await readRows(shards, all);
      yield kept;
      return;
    }
    const order = shuffled(all, { seed, path: [BATCHES, epoch, 0] });
    let [first, rows] = [0, 0];
    for (const [at, shard] of order.entries()) {
      const own = shards.rows[shard]!;
      if (rows > 0 && rows + own > shuffleRows) {
        yield await readRows(shards, order.subarray(first, at));
        [first, rows] = [at, 0];
      }
      rows += own;
    }
    yield await readRows(shards, order.subarray(first));
  }

  return {
    perEpoch,
    async *epoch(epoch, from) {
      let next = emptyBatch(batch, width);
      let [filled, done, window] = [0, 0, 0];
      for await (const { features, index } of windows(epoch)) {
        window++;
        const order = shuffled(
          Int32Array.from(index, (_, row) => row),
          { seed, path: [BATCHES, epoch, window] },
        );
        for (const row of order) {
          if (done >= from) {
            next.features.set(features.subarray(row * width, (row + 1) * width), filled * width);
            next.index[filled] = index[row]!;
          }
          if (++filled < batch) continue;
          if (done >= from) {
            yield next;
            next = emptyBatch(batch, width);
          }
          filled = 0;
          done++;
        }
      }
    },
  };
}

function emptyBatch(batch: number, width: number): FeatureBatch {
  return { features: new Float32Array(batch * width), index: new Int32Array(batch) };
}

async function readRows(shards: FeatureShards, picked: Int32Array): Promise<ShardRows> {
  const { width } = shards;
  const total = picked.reduce((sum, shard) => sum + shards.rows[shard]!, 0);
  const features = new Float32Array(total * width);
  const index = new Int32Array(total);
  let at = 0;
  const read = (shard: number): Promise<ShardRows> => shards.read(shard);
  for await (const rows of mapAhead(picked, { ahead: READ_AHEAD, map: read })) {
    features.set(rows.features, at * width);
    index.set(rows.index, at);
    at += rows.index.length;
  }
  return { features, index };
}

// The batches of an epoch from features in shards. Sets with at most `shuffleRows` rows are read once, stay in memory and
// are shuffled whole. Of larger ones the order of the shards is shuffled, and then the rows of as many shards as make a
// window of `shuffleRows`: memory is that of one window. Which rule holds depends on the protocol, not on the machine,
// so that results do not either. Batches for updates that go into one run are put into one buffer, which can be moved.

import { mapAhead } from "./ahead.ts";
import type { FeatureShards, ShardRows } from "./feature-shards.ts";
import { shuffled } from "./training-pictures.ts";

/** The part of a seed's sequences that belongs to the batches; then the epoch, then 0 for the shards, 1… for windows. */
const BATCHES = 0x62617463;

/** Shards that are read at once: as many as Node has threads for files. */
const READ_AHEAD = 4;

/** Batches that lie one behind the other in memory of their own. */
export interface FeatureBatches {
  readonly count: number;
  /** [count · batch, width] */
  readonly features: Float32Array;
  /** The picture of each row. */
  readonly index: Int32Array;
}

/** The batches of whole epochs. */
export interface BatchSource {
  readonly perEpoch: number;
  /**
   * Those of an epoch from the given one on, `together` at a time and the rest at the end; rows that are left after the
   * last full batch are not used.
   */
  epoch(epoch: number, from: number): AsyncGenerator<FeatureBatches, void, undefined>;
}

/** Batches over shards. */
export function featureBatches(
  shards: FeatureShards,
  options: {
    readonly batch: number;
    readonly shuffleRows: number;
    readonly seed: number;
    readonly together: number;
  },
): BatchSource {
  const { batch, shuffleRows, seed, together } = options;
  const { width } = shards;
  const perEpoch = Math.floor(shards.total / batch);
  const resident = shards.total <= shuffleRows;
  let kept: readonly ShardRows[] | undefined;

  async function* windows(epoch: number): AsyncGenerator<readonly ShardRows[], void, undefined> {
    const all = Int32Array.from(shards.rows, (_, shard) => shard);
    if (resident) {
      kept ??= await readShards(shards, all);
      yield kept;
      return;
    }
    const order = shuffled(all, { seed, path: [BATCHES, epoch, 0] });
    let [first, rows] = [0, 0];
    for (const [at, shard] of order.entries()) {
      const own = shards.rows[shard]!;
      if (rows > 0 && rows + own > shuffleRows) {
        yield await readShards(shards, order.subarray(first, at));
        [first, rows] = [at, 0];
      }
      rows += own;
    }
    yield await readShards(shards, order.subarray(first));
  }

  const emptyBatches = (count: number): FeatureBatches => ({
    count,
    features: new Float32Array(count * batch * width),
    index: new Int32Array(count * batch),
  });

  return {
    perEpoch,
    async *epoch(epoch, from) {
      if (from >= perEpoch) return;
      let next = emptyBatches(Math.min(together, perEpoch - from));
      let [done, window] = [0, 0];
      // Of this batch, and of `next`.
      let [filled, at] = [0, 0];
      for await (const parts of windows(epoch)) {
        window++;
        const places = placesOf(parts);
        const order = shuffled(
          Int32Array.from(places.part, (_, row) => row),
          { seed, path: [BATCHES, epoch, window] },
        );
        for (let first = 0; first < order.length;) {
          const rows = order.subarray(first, first + batch - filled);
          first += rows.length;
          if (done >= from) {
            await otherWork();
            for (const row of rows) copyRow(parts[places.part[row]!]!, places.row[row]!, at++);
          }
          filled += rows.length;
          if (filled < batch) continue;
          filled = 0;
          done++;
          if (at === next.index.length) {
            yield next;
            if (done === perEpoch) return;
            next = emptyBatches(Math.min(together, perEpoch - done));
            at = 0;
          }
        }
      }

      function copyRow({ features, index }: ShardRows, row: number, to: number): void {
        next.features.set(features.subarray(row * width, (row + 1) * width), to * width);
        next.index[to] = index[row]!;
      }
    },
  };
}

/** Where each row of a window stands: in which shard, and in which of its rows. */
function placesOf(parts: readonly ShardRows[]): {
  readonly part: Int32Array;
  readonly row: Int32Array;
} {
  const total = parts.reduce((sum, { index }) => sum + index.length, 0);
  const places = { part: new Int32Array(total), row: new Int32Array(total) };
  let at = 0;
  for (const [part, { index }] of parts.entries()) {
    for (let row = 0; row < index.length; row++, at++) {
      places.part[at] = part;
      places.row[at] = row;
    }
  }
  return places;
}

async function readShards(
  shards: FeatureShards,
  picked: Int32Array,
): Promise<readonly ShardRows[]> {
  const parts: ShardRows[] = [];
  const read = (shard: number): Promise<ShardRows> => shards.read(shard);
  for await (const rows of mapAhead(picked, { ahead: READ_AHEAD, map: read })) parts.push(rows);
  return parts;
}

/** Lets this thread do what it was asked for meanwhile, above all send what the next run needs. */
function otherWork(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

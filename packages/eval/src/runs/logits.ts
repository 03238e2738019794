// Logits of heads on features in shards, a few rows at a time.

import type { Tensor } from "@internvit/model-core";
import type { TrainingSession } from "@internvit/train";

import { mapAhead } from "./ahead.ts";
import type { FeatureShards, ShardRows } from "./feature-shards.ts";

/** Most rows that are evaluated together: the last ones of a shard have a graph of their own size. */
const ROWS = 1024;
/** Most logits of all heads that are computed together: 64 MiB. */
const LOGITS = 2 ** 24;
/** Shards that are read while others are evaluated. */
const READ_AHEAD = 2;

/** Logits of some rows. */
export interface LogitRows {
  /** The picture of each row. */
  readonly index: Int32Array;
  /** `[rows, classes]` of each head. */
  readonly logits: readonly Float32Array[];
}

/** Logits of the heads of a grid, in the order of the shards. */
export async function* logitsOfShards(
  session: TrainingSession,
  options: {
    readonly shards: FeatureShards;
    readonly heads: readonly string[];
    readonly classes: number;
    readonly signal?: AbortSignal | undefined;
  },
): AsyncGenerator<LogitRows, void, undefined> {
  const { shards, heads, classes, signal } = options;
  const { width } = shards;
  const together = Math.max(1, Math.min(ROWS, Math.floor(LOGITS / (heads.length * classes))));
  const read = (shard: number): Promise<ShardRows> => shards.read(shard);
  for await (const { features, index } of mapAhead(shards.rows.keys(), {
    ahead: READ_AHEAD,
    map: read,
  })) {
    for (let row = 0; row < index.length; row += together) {
      const part = index.subarray(row, row + together);
      const tensor: Tensor<"float32"> = {
        dtype: "float32",
        shape: [part.length, width],
        data: features.subarray(row * width, (row + part.length) * width),
      };
      const { outputs } = await session.evaluate(
        { features: tensor },
        // The rows were read for this alone.
        { move: part.length === index.length, ...(signal !== undefined && { signal }) },
      );
      yield {
        index: part,
        logits: heads.map((head) => outputs[`${head}/logits`]!.data as Float32Array),
      };
    }
  }
}

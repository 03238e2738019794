// Logits of heads on features in shards, a few rows at a time.

import type { Tensor } from "@internvit/model-core";
import type { TrainingSession } from "@internvit/train";

import type { FeatureShards } from "./feature-shards.ts";

/** Rows that are evaluated together: the last ones of a shard have a graph of their own size. */
const ROWS = 256;

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
    readonly signal?: AbortSignal | undefined;
  },
): AsyncGenerator<LogitRows, void, undefined> {
  const { shards, heads, signal } = options;
  const { width } = shards;
  for (let shard = 0; shard < shards.rows.length; shard++) {
    const { features, index } = await shards.read(shard);
    for (let row = 0; row < index.length; row += ROWS) {
      const part = index.subarray(row, row + ROWS);
      const tensor: Tensor<"float32"> = {
        dtype: "float32",
        shape: [part.length, width],
        data: features.slice(row * width, (row + part.length) * width),
      };
      const { outputs } = await session.evaluate(
        { features: tensor },
        signal === undefined ? {} : { signal },
      );
      yield {
        index: part,
        logits: heads.map((head) => outputs[`${head}/logits`]!.data as Float32Array),
      };
    }
  }
}

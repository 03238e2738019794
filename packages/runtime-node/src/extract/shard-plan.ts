// What a shard will hold, and where its rows stand. A shard is planned as if all its pictures were good: then the
// rows go to their final places at once and the header never changes. Where pictures are bad the rows of the good
// ones move up, and the shard is copied into a file with a header of its own when it is complete.

import {
  DTYPE_BYTES,
  elementCount,
  encodeSafetensorsHeader,
  type SafetensorsLayout,
} from "@internvit/model-core";

/** Element types that features are stored in. */
export type FeatureStorage = "float32" | "float16";

/** One output of the encoder as it is stored. */
export interface StoredOutput {
  readonly name: string;
  readonly dtype: FeatureStorage;
  /** Without the first axis. */
  readonly rowShape: readonly number[];
}

/** Everything that the writer needs to know of a shard. */
export interface ShardPlan {
  readonly folder: string;
  readonly shard: number;
  /** Position of its first picture. */
  readonly first: number;
  /** The keys of all its pictures, good and bad. */
  readonly keys: readonly string[];
  readonly batchSize: number;
  readonly outputs: readonly StoredOutput[];
  /** For `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes of one row. */
export function rowBytes({ dtype, rowShape }: StoredOutput): number {
  return elementCount(rowShape) * DTYPE_BYTES[dtype];
}

/** The shard's file when it has so many rows. */
export function shardLayout(
  { outputs, metadata }: Pick<ShardPlan, "outputs" | "metadata">,
  rows: number,
): SafetensorsLayout {
  const tensors = outputs.map(({ name, dtype, rowShape }) => ({
    name,
    dtype,
    shape: [rows, ...rowShape],
  }));
  return encodeSafetensorsHeader(tensors, { metadata });
}

/** Batches of a shard with so many pictures. */
export function batchCount(pictures: number, batchSize: number): number {
  return Math.ceil(pictures / batchSize);
}

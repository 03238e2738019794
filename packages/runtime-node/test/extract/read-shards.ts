// Reads what an extraction wrote the plainest way there is.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Every file of a folder by name. */
export function readFolder(folder: string): ReadonlyMap<string, Buffer> {
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name))]),
  );
}

/** Names of the files that differ or are only in one of two folders. */
export function differentFiles(a: string, b: string): readonly string[] {
  const [left, right] = [readFolder(a), readFolder(b)];
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].filter((name) => !(left.get(name)?.equals(right.get(name)!) ?? false));
}

/** One tensor of a shard. */
export interface ShardTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Buffer;
}

/** The tensors of a shard. */
export function readShard(path: string): {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Readonly<Record<string, ShardTensor>>;
} {
  const bytes = readFileSync(path);
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(
    bytes.toString("utf8", 8, end),
  ) as Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> & {
    __metadata__?: Record<string, string>;
  };
  const tensors = Object.entries(entries).map(([name, { dtype, shape, data_offsets }]) => {
    const [start, stop] = data_offsets;
    return [name, { dtype, shape, bytes: bytes.subarray(end + start, end + stop) }] as const;
  });
  return { metadata, tensors: Object.fromEntries(tensors) };
}

/** A float32 tensor's values. */
export function float32Of({ bytes }: ShardTensor): readonly number[] {
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}

/** A JSON file. */
export function readJson<T>(...path: readonly string[]): T {
  return JSON.parse(readFileSync(join(...path), "utf8")) as T;
}

/** SHA-256 in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

// The JSON beside a shard: which picture each row is of, which pictures have none, and what the shard's bytes are.

import { readFile, stat } from "node:fs/promises";

import type { BadPicture } from "../pipeline/pictures.ts";
import { hashFile } from "./hash-file.ts";
import { type ShardFiles, shardName } from "./shard-files.ts";

/** What stands beside a shard. */
export interface ShardIndex {
  readonly shard: number;
  readonly file: string;
  readonly byteLength: number;
  /** SHA-256 of the shard in hexadecimal. */
  readonly sha256: string;
  /** Position of the first picture in the whole extraction. */
  readonly first: number;
  /** Pictures, those included that have no row. */
  readonly pictures: number;
  /** The picture of each row. */
  readonly keys: readonly string[];
  readonly bad: readonly BadPicture[];
}

/** An index as text. */
export function encodeShardIndex(index: ShardIndex): string {
  return `${JSON.stringify(index, null, 1)}\n`;
}

/** The index of a finished shard; undefined when there is none that can be read. */
export async function readShardIndex(path: string): Promise<ShardIndex | undefined> {
  try {
    const index = JSON.parse(await readFile(path, "utf8")) as ShardIndex | null;
    return Array.isArray(index?.keys) && Array.isArray(index.bad) ? index : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with the file of a finished shard; undefined when nothing is. */
export async function findDamage(
  files: ShardFiles,
  { index, verify }: { readonly index: ShardIndex; readonly verify: boolean },
): Promise<string | undefined> {
  const name = shardName(index.shard);
  const found = await stat(files.data).catch(() => undefined);
  if (found === undefined) return `${name} is gone`;
  if (found.size !== index.byteLength) {
    return `${name} has ${found.size} bytes, expected ${index.byteLength}`;
  }
  if (!verify) return undefined;
  const sha256 = await hashFile(files.data);
  return sha256 === index.sha256
    ? undefined
    : `${name} has the SHA-256 ${sha256}, expected ${index.sha256}`;
}

// The files of an extraction's folder.
//
//   extraction.json                 the plan: settings, and what the features of a fixed picture are
//   pictures.jsonl                  the keys of all pictures, in order
//   features-00000.safetensors      a finished shard: rows in the order of the pictures
//   features-00000.json             its keys, its bad pictures, its hash; written just before the shard gets its name
//   features-00000.partial          the shard that is being written, …
//   features-00000.journal          … and which of its batches are
//   manifest.json                   everything together, when all shards are there

import { join } from "node:path";

/** Name of the plan. */
export const PLAN_FILE = "extraction.json";
/** Name of the list of pictures. */
export const PICTURES_FILE = "pictures.jsonl";
/** Name of the manifest. */
export const MANIFEST_FILE = "manifest.json";
/** Name of the lock. */
export const LOCK_FILE = "extraction.lock";

const OWN_FILE =
  /^(extraction\.(json|lock)|pictures\.jsonl|manifest\.json|features-\d{5,}\.(safetensors|json|partial|journal|compact))(\.part)?$/;

/** Whether an extraction writes files of that name; nothing else in a folder is ever replaced or removed. */
export function isOwnFile(name: string): boolean {
  return OWN_FILE.test(name);
}

/** Paths of a shard's files. */
export interface ShardFiles {
  /** The finished shard. */
  readonly data: string;
  readonly index: string;
  readonly partial: string;
  readonly journal: string;
  /** The shard without the rows that bad pictures left free. */
  readonly compact: string;
}

/** Name of a finished shard. */
export function shardName(shard: number): string {
  return `features-${String(shard).padStart(5, "0")}.safetensors`;
}

/** The files of a shard. */
export function shardFiles(folder: string, shard: number): ShardFiles {
  const base = join(folder, shardName(shard)).slice(0, -".safetensors".length);
  return {
    data: `${base}.safetensors`,
    index: `${base}.json`,
    partial: `${base}.partial`,
    journal: `${base}.journal`,
    compact: `${base}.compact`,
  };
}

// Which files of a repository or snapshot make a checkpoint. Never code, and never weights in formats that can hold
// code (.bin, .pt, .pth).

import { lstat } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { readText } from "./disk.ts";

/** The configuration that every checkpoint has. */
export const CONFIG = "config.json";
/** The configuration that some have. */
export const PREPROCESSOR_CONFIG = "preprocessor_config.json";
/** The weights in one file. */
export const WEIGHTS = "model.safetensors";
/** Where the weights are in several files. */
export const INDEX = "model.safetensors.index.json";

const schema = z.object({
  weight_map: z.record(
    z.string(),
    z.string().regex(/^[^/\\:.\p{Cc}][^/\\:\p{Cc}]*\.safetensors$/u),
  ),
});

/** The shards that an index lists; undefined when it is no index, or names something else. */
export function shardNames(index: string): readonly string[] | undefined {
  try {
    return [...new Set(Object.values(schema.parse(JSON.parse(index)).weight_map))];
  } catch {
    return undefined;
  }
}

/** The weight files that a folder has or, by its index, should have; undefined when it has neither. */
export async function weightFilesIn(folder: string): Promise<readonly string[] | undefined> {
  // A link counts even when its blob is gone: then the weights are missing.
  if ((await lstat(join(folder, WEIGHTS)).catch(() => undefined)) !== undefined) return [WEIGHTS];
  const index = await readText(join(folder, INDEX));
  return index === undefined ? undefined : shardNames(index);
}

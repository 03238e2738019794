// `model.safetensors.index.json`: which shard holds which tensor. It comes with the weights and is as untrusted as
// they are, so a shard must be a plain file name: nothing in it can leave the directory.

import * as z from "zod/mini";
import { parseWith } from "../config/parse-with.ts";
import { quote } from "../describe-value.ts";
import { ModelError } from "../errors.ts";

/** Every shard costs an open file and two reads. The largest published InternVL has 33. */
const MAX_SHARDS = 1000;

const schema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * The tensor names of each shard, in the order of their first appearance.
 *
 * @throws ModelError `malformed` when the JSON is not a shard index or names a file outside the directory;
 *   `unsupported` when it names something other than safetensors, or too many shards.
 */
export function parseShardIndex(
  json: unknown,
  { subject }: { readonly subject: string },
): ReadonlyMap<string, readonly string[]> {
  const shards = new Map<string, string[]>();
  for (const [tensor, file] of Object.entries(parseWith(schema, json, { subject }).weight_map)) {
    const names = shards.get(file);
    if (names !== undefined) {
      names.push(tensor);
      continue;
    }
    checkShardName(file, subject);
    shards.set(file, [tensor]);
    if (shards.size > MAX_SHARDS) {
      const message = `${subject}: expected at most ${MAX_SHARDS} shards, found more`;
      throw new ModelError("unsupported", message, { subject });
    }
  }
  if (shards.size === 0) {
    const message = `${subject}: weight_map: expected at least one tensor, found none`;
    throw new ModelError("malformed", message, { subject });
  }
  return shards;
}

function checkShardName(file: string, subject: string): void {
  // "/" and "\" separate folders, ":" a Windows drive or stream; control characters end or hide names.
  const plain = file.length <= 255 && !/[/\\:\p{Cc}]/u.test(file) && !file.startsWith(".");
  if (!plain || file === "") {
    throw new ModelError(
      "malformed",
      `${subject}: weight_map: expected plain file names beside the index, found ${quote(file)}`,
      { subject },
    );
  }
  if (!file.endsWith(".safetensors")) {
    throw new ModelError(
      "unsupported",
      `${subject}: weight_map: expected shards that end in .safetensors, found ${quote(file)}`,
      { subject },
    );
  }
}

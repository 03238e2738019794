// Which weights an encoder has, whatever their folder is called: one hash for its info and for every result file.

import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import { stat } from "node:fs/promises";

import type { LocalCheckpoint } from "../open-checkpoint.ts";
import { hashWeightFile, type HashOptions, knownHash } from "./file-hash.ts";
import { namesOfFiles } from "./weight-file-names.ts";

/**
 * Files that are not hashed merely to be named: larger than every published encoder (6B: 12 GB), such as a whole
 * chat model in one file, of which the encoder is a small part.
 */
const MAX_UNKNOWN_BYTES = 16 * 2 ** 30;

/**
 * SHA-256 of the file that `weights` are in; of several, in the order of their names, the SHA-256 of their hashes, one
 * a line. Undefined when files beyond 16 GiB would have to be read for it.
 *
 * @throws RuntimeError `io` when a file cannot be read; the signal's reason.
 */
export async function hashCheckpoint(
  checkpoint: LocalCheckpoint,
  weights: readonly object[],
  options: HashOptions,
): Promise<string | undefined> {
  const names = [...new Set(weights.flatMap((table) => [...namesOfFiles(table)]))];
  const paths = names
    .toSorted((a, b) => (basename(a) < basename(b) ? -1 : 1))
    .map((name) => resolve(checkpoint.path, name));
  let unknown = 0;
  for (const path of paths) {
    if ((await knownHash(path, options)) === undefined) unknown += (await stat(path)).size;
  }
  if (unknown > MAX_UNKNOWN_BYTES) return undefined;
  const hashes: string[] = [];
  for (const path of paths) hashes.push(await hashWeightFile(path, options));
  const [only] = hashes;
  if (hashes.length === 1) return only;
  return createHash("sha256").update(hashes.join("\n")).digest("hex");
}

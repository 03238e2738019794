// The files that the weights of an export come from, and what identifies them.

import { createHash } from "node:crypto";
import { basename } from "node:path";

import type { ByteSource, GraphModel } from "@internvit/model-core";

import { RuntimeError } from "../errors.ts";
import { fileSource } from "../file-source.ts";
import type { LocalCheckpoint } from "../open-checkpoint.ts";
import type { ExportedFile } from "./write-hashed-file.ts";

/** The files that the graph points into: the checkpoint's by name, a projector of its own by path. */
export async function openSources(
  { files }: LocalCheckpoint,
  { files: names }: GraphModel,
): Promise<ReadonlyMap<string, ByteSource>> {
  const sources = new Map<string, ByteSource>();
  for (const name of names) {
    const source = files.get(name) ?? (await fileSource(name));
    if (source === undefined) throw new RuntimeError("io", `there is no weight file ${name}`);
    sources.set(name, source);
  }
  return sources;
}

/** Length of all files together. */
export function totalBytes(sources: ReadonlyMap<string, ByteSource>): number {
  return [...sources.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

const HASHED_AT_ONCE = 8 * 2 ** 20;

/** Name without folder, length and SHA-256 of the files that weights come from. */
export async function hashSources(
  sources: ReadonlyMap<string, ByteSource>,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onBytes?: (count: number) => void;
  } = {},
): Promise<readonly ExportedFile[]> {
  const { signal, onBytes } = options;
  const hashed: ExportedFile[] = [];
  for (const [path, source] of sources) {
    const { byteLength } = source;
    const hash = createHash("sha256");
    for (let start = 0; start < byteLength; start += HASHED_AT_ONCE) {
      const end = Math.min(start + HASHED_AT_ONCE, byteLength);
      hash.update(await source.read(start, end, signal));
      onBytes?.(end - start);
    }
    hashed.push({ name: basename(path), byteLength, sha256: hash.digest("hex") });
  }
  return hashed;
}

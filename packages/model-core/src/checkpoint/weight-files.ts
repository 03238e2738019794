// The weight files of a checkpoint: one model.safetensors, or the shards that an index lists.

import type { ByteSource } from "../byte-source.ts";
import { listNames, quote } from "../describe-value.ts";
import { ModelError } from "../errors.ts";
import type { SafetensorsEntry } from "../safetensors/entry.ts";
import type { SafetensorsHeader } from "../safetensors/header.ts";
import { readSafetensorsHeader } from "../safetensors/read.ts";
import type { CheckpointDirectory } from "./directory.ts";
import { readJson } from "./read-json.ts";
import { parseShardIndex } from "./shard-index.ts";

const SINGLE_FILE = "model.safetensors";
const INDEX_FILE = "model.safetensors.index.json";

/** About 130 bytes per tensor, and the largest published model of the family has some 40,000 tensors. */
const MAX_INDEX_BYTES = 16 * 2 ** 20;

/** One tensor of a checkpoint: a place in one of its files. */
export interface TensorEntry extends SafetensorsEntry {
  /** Key into `Checkpoint.files`. */
  readonly file: string;
}

/** What the weight files hold. */
export interface WeightFiles {
  readonly files: ReadonlyMap<string, ByteSource>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly unlistedTensors: readonly string[];
  /** The `__metadata__` of all files. */
  readonly metadata: ReadonlyMap<string, string>;
}

interface Options {
  readonly signal: AbortSignal | undefined;
}

/** Opens the weight files of a directory and reads their headers. */
export async function readWeightFiles(
  directory: CheckpointDirectory,
  options: Options,
): Promise<WeightFiles> {
  const { label } = directory;
  const single = await directory.open(SINGLE_FILE);
  if (single !== undefined) {
    const header = await readHeader(single, `${label}/${SINGLE_FILE}`, options);
    const { metadata } = header;
    const tensors = new Map<string, TensorEntry>();
    for (const [name, entry] of header.tensors) tensors.set(name, { ...entry, file: SINGLE_FILE });
    return { files: new Map([[SINGLE_FILE, single]]), tensors, unlistedTensors: [], metadata };
  }
  const index = await directory.open(INDEX_FILE);
  if (index === undefined) {
    throw new ModelError(
      "not-found",
      `${label}: there is neither ${SINGLE_FILE} nor ${INDEX_FILE} (weights in .bin, .pt or .pth files are not read)`,
      { subject: label },
    );
  }
  const subject = `${label}/${INDEX_FILE}`;
  const json = await readJson(index, { subject, maxBytes: MAX_INDEX_BYTES, ...options });
  return readShards(directory, parseShardIndex(json, { subject }), options);
}

async function readShards(
  directory: CheckpointDirectory,
  shards: ReadonlyMap<string, readonly string[]>,
  options: Options,
): Promise<WeightFiles> {
  const files = new Map<string, ByteSource>();
  const tensors = new Map<string, TensorEntry>();
  const metadata = new Map<string, string>();
  const unlistedTensors: string[] = [];
  for (const [file, names] of shards) {
    const subject = `${directory.label}/${file}`;
    const source = await directory.open(file);
    if (source === undefined) {
      throw new ModelError(
        "not-found",
        `${directory.label}: the shard ${quote(file)} is missing; ${INDEX_FILE} says that it holds ${names.length} tensors`,
        { subject },
      );
    }
    const header = await readHeader(source, subject, options);
    const listed = new Set(names);
    const absent = names.filter((name) => !header.tensors.has(name));
    if (absent.length > 0) {
      throw new ModelError(
        "mismatch",
        `${subject}: ${absent.length} tensors that ${INDEX_FILE} says are here are not: ${listNames(absent)}`,
        { subject },
      );
    }
    files.set(file, source);
    for (const [name, entry] of header.tensors) {
      if (listed.has(name)) tensors.set(name, { ...entry, file });
      else unlistedTensors.push(name);
    }
    for (const [key, value] of header.metadata) metadata.set(key, value);
  }
  return { files, tensors, unlistedTensors, metadata };
}

function readHeader(
  source: ByteSource,
  subject: string,
  { signal }: Options,
): Promise<SafetensorsHeader> {
  return readSafetensorsHeader(source, { subject, ...(signal === undefined ? {} : { signal }) });
}

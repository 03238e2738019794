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

/** A shard that the index lists and that is not there. */
export interface AbsentShard {
  readonly name: string;
  /** The tensors that it holds according to the index. */
  readonly tensors: readonly string[];
}

/** What the weight files hold. */
export interface WeightFiles {
  readonly files: ReadonlyMap<string, ByteSource>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly unlistedTensors: readonly string[];
  readonly absentShards: readonly AbsentShard[];
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
    return readWeightFile(single, { file: SINGLE_FILE, label, ...options });
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

/** One file's header as that of a directory with nothing else. */
export async function readWeightFile(
  source: ByteSource,
  { file, label, signal }: Options & { readonly file: string; readonly label: string },
): Promise<WeightFiles> {
  const header = await readHeader(source, `${label}/${file}`, { signal });
  const tensors = new Map<string, TensorEntry>();
  for (const [name, entry] of header.tensors) tensors.set(name, { ...entry, file });
  return {
    files: new Map([[file, source]]),
    tensors,
    unlistedTensors: [],
    absentShards: [],
    metadata: header.metadata,
  };
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
  const absentShards: AbsentShard[] = [];
  for (const [file, names] of shards) {
    const subject = `${directory.label}/${file}`;
    const source = await directory.open(file);
    // Not an error yet: the shards of a language model need not be there to encode pictures. Whoever asks for a
    // tensor that is in an absent one is told its name.
    if (source === undefined) {
      absentShards.push({ name: file, tensors: names });
      continue;
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
  if (files.size === 0) {
    const { label } = directory;
    throw new ModelError(
      "not-found",
      `${label}: none of the ${shards.size} shards that ${INDEX_FILE} lists is there: ${listNames([...shards.keys()].map(quote))}`,
      { subject: label },
    );
  }
  return { files, tensors, unlistedTensors, absentShards, metadata };
}

function readHeader(
  source: ByteSource,
  subject: string,
  { signal }: Options,
): Promise<SafetensorsHeader> {
  return readSafetensorsHeader(source, { subject, ...(signal === undefined ? {} : { signal }) });
}

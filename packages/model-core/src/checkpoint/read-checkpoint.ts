// Opens a checkpoint: its config.json, and the headers of its weight files. No weight is read; the tensors are
// places in files. Shards that are not there are noted: those of a language model are not needed.

import type { ByteSource } from "../byte-source.ts";
import type { ChatConfig } from "../config/chat-config.ts";
import type { ConfigLayout, EncoderConfig } from "../config/encoder-config.ts";
import { parseEncoderConfig } from "../config/parse-encoder-config.ts";
import { ModelError } from "../errors.ts";
import { parseSynthesized, type Synthesized } from "../synthesize/synthesized.ts";
import type { CheckpointDirectory } from "./directory.ts";
import { readConfigFile } from "./read-json.ts";
import { type AbsentShard, readWeightFiles, type TensorEntry } from "./weight-files.ts";

/** An opened checkpoint. */
export interface Checkpoint {
  /** What to call it in messages. */
  readonly label: string;
  readonly layout: ConfigLayout;
  readonly config: EncoderConfig;
  /** What the chat level of config.json says, or undefined for an encoder alone. */
  readonly chat: ChatConfig | undefined;
  /** config.json as it was read. */
  readonly configJson: unknown;
  /** preprocessor_config.json as it was read, or undefined when there is none. */
  readonly preprocessorJson: unknown;
  /** Every tensor of the weight files by name. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Tensors that stand in a shard but not in the shard index; they are not in `tensors`. */
  readonly unlistedTensors: readonly string[];
  /** Shards that the shard index lists and that are not there; their tensors are not in `tensors`. */
  readonly absentShards: readonly AbsentShard[];
  /** The weight files by name. They belong to the directory that the checkpoint was read from. */
  readonly files: ReadonlyMap<string, ByteSource>;
  /** Set when the weights are random numbers from `synthesizeCheckpoint` and not a trained model. */
  readonly synthesized: Synthesized | undefined;
}

/** Options of `readCheckpoint`. */
export interface ReadCheckpointOptions {
  readonly signal?: AbortSignal;
}

/**
 * Opens the checkpoint in a directory: `config.json`, `preprocessor_config.json` where there is one, and
 * `model.safetensors` or those shards of `model.safetensors.index.json` that are there.
 *
 * @throws ModelError `not-found` for a missing file (not for one shard of several), `malformed` and `unsupported` for
 *   one that cannot be used, `mismatch` when a shard does not hold what the index says.
 */
export async function readCheckpoint(
  directory: CheckpointDirectory,
  { signal }: ReadCheckpointOptions = {},
): Promise<Checkpoint> {
  const { label } = directory;
  const configJson = await readConfigFile(directory, { name: "config.json", signal });
  if (configJson === undefined) {
    throw new ModelError("not-found", `${label}: there is no config.json`, { subject: label });
  }
  const { layout, config, chat } = parseEncoderConfig(configJson, {
    subject: `${label}/config.json`,
  });
  const preprocessorJson = await readConfigFile(directory, {
    name: "preprocessor_config.json",
    signal,
  });
  const weights = await readWeightFiles(directory, { signal });
  const { files, tensors, unlistedTensors, absentShards, metadata } = weights;
  const synthesized = parseSynthesized(configJson, {
    metadata,
    subject: `${label}/config.json`,
  });
  return {
    label,
    layout,
    config,
    chat,
    configJson,
    preprocessorJson,
    tensors,
    unlistedTensors,
    absentShards,
    files,
    synthesized,
  };
}

// Opens a checkpoint: its config.json, and the headers of its weight files. No weight is read; the tensors are
// places in files.

import type { ByteSource } from "../byte-source.ts";
import type { ConfigLayout, EncoderConfig } from "../config/encoder-config.ts";
import { parseEncoderConfig } from "../config/parse-encoder-config.ts";
import { ModelError } from "../errors.ts";
import { parseSynthesized, type Synthesized } from "../synthesize/synthesized.ts";
import type { CheckpointDirectory } from "./directory.ts";
import { readJson } from "./read-json.ts";
import { readWeightFiles, type TensorEntry } from "./weight-files.ts";

/** Published files have below 10 KB; the config of a chat model may list token and label names. */
const MAX_CONFIG_BYTES = 2 ** 20;

/** An opened checkpoint. */
export interface Checkpoint {
  /** What to call it in messages. */
  readonly label: string;
  readonly layout: ConfigLayout;
  readonly config: EncoderConfig;
  /** config.json as it was read. */
  readonly configJson: unknown;
  /** preprocessor_config.json as it was read, or undefined when there is none. */
  readonly preprocessorJson: unknown;
  /** Every tensor of the weight files by name. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Tensors that stand in a shard but not in the shard index; they are not in `tensors`. */
  readonly unlistedTensors: readonly string[];
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
 * `model.safetensors` or the shards of `model.safetensors.index.json`.
 *
 * @throws ModelError `not-found` for a missing file, `malformed` and `unsupported` for one that cannot be used,
 *   `mismatch` when a shard does not hold what the index says.
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
  const { layout, config } = parseEncoderConfig(configJson, { subject: `${label}/config.json` });
  const preprocessorJson = await readConfigFile(directory, {
    name: "preprocessor_config.json",
    signal,
  });
  const { files, tensors, unlistedTensors, metadata } = await readWeightFiles(directory, {
    signal,
  });
  const synthesized = parseSynthesized(configJson, {
    metadata,
    subject: `${label}/config.json`,
  });
  return {
    label,
    layout,
    config,
    configJson,
    preprocessorJson,
    tensors,
    unlistedTensors,
    files,
    synthesized,
  };
}

async function readConfigFile(
  directory: CheckpointDirectory,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal | undefined },
): Promise<unknown> {
  const source = await directory.open(name);
  if (source === undefined) return undefined;
  const subject = `${directory.label}/${name}`;
  return readJson(source, { subject, maxBytes: MAX_CONFIG_BYTES, signal });
}

// A projector that was saved alone: a safetensors file of the names `0.weight`, `1.weight`, `3.weight`, … beside
// nothing, or a folder in the layout of a checkpoint, with a chat model's config.json or without one.

import type { ByteSource } from "../byte-source.ts";
import type { ChatConfig } from "../config/chat-config.ts";
import { parseEncoderConfig } from "../config/parse-encoder-config.ts";
import { ModelError } from "../errors.ts";
import { parseSynthesized, type Synthesized } from "../synthesize/synthesized.ts";
import type { CheckpointDirectory } from "./directory.ts";
import { readConfigFile } from "./read-json.ts";
import {
  type AbsentShard,
  readWeightFile,
  readWeightFiles,
  type TensorEntry,
  type WeightFiles,
} from "./weight-files.ts";

/**
 * The files of a projector. `resolveProjectorWeights({ ...projector, config })` gives its weights for the encoder of
 * that config.
 */
export interface ProjectorFiles {
  /** What to call it in messages. */
  readonly label: string;
  /** What a config.json beside it says, or undefined when there is none. */
  readonly chat: ChatConfig | undefined;
  /** Every tensor of the files by name; other parts of a model may be among them. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly absentShards: readonly AbsentShard[];
  /** The files by name. They belong to the directory that the projector was read from. */
  readonly files: ReadonlyMap<string, ByteSource>;
  /** Set when the weights are marked as random numbers. */
  readonly synthesized: Synthesized | undefined;
}

/** Options of `readProjector`. */
export interface ReadProjectorOptions {
  /**
   * A safetensors file of the directory; its config.json is not read then. Default: `model.safetensors`, or the
   * shards that an index lists.
   */
  readonly file?: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens a projector; no weight is read.
 *
 * @throws ModelError `not-found` for a missing file, `malformed` and `unsupported` for one that cannot be used.
 */
export async function readProjector(
  directory: CheckpointDirectory,
  { file, signal }: ReadProjectorOptions = {},
): Promise<ProjectorFiles> {
  const { label } = directory;
  if (file !== undefined) {
    const source = await directory.open(file);
    const subject = `${label}/${file}`;
    if (source === undefined) {
      throw new ModelError("not-found", `there is no projector file ${subject}`, { subject });
    }
    const weights = await readWeightFile(source, { file, label, signal });
    return projectorFiles(weights, { label: subject, configJson: undefined });
  }
  const configJson = await readConfigFile(directory, { name: "config.json", signal });
  return projectorFiles(await readWeightFiles(directory, { signal }), { label, configJson });
}

function projectorFiles(
  { files, tensors, absentShards, metadata }: WeightFiles,
  { label, configJson }: { readonly label: string; readonly configJson: unknown },
): ProjectorFiles {
  const subject = `${label}/config.json`;
  return {
    label,
    chat: configJson === undefined ? undefined : parseEncoderConfig(configJson, { subject }).chat,
    tensors,
    absentShards,
    files,
    synthesized: parseSynthesized(configJson ?? {}, { metadata, subject }),
  };
}

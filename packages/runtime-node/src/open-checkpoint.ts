// A checkpoint folder on disk, in the published layout or as a snapshot in the Hugging Face cache.

import { stat } from "node:fs/promises";
import { join } from "node:path";

import {
  type Checkpoint,
  type CheckpointDirectory,
  ModelError,
  readCheckpoint,
} from "@internvit/model-core";

import { fileSource } from "./file-source.ts";

/** A checkpoint with the folder that its files are in. */
export interface LocalCheckpoint extends Checkpoint {
  readonly path: string;
}

/**
 * Reads configuration and tensor table of a checkpoint folder; no weights are read.
 *
 * @throws ModelError when the folder or a file of it is missing, malformed or unsupported; RuntimeError `io` when
 * reading fails.
 */
export async function openCheckpoint(
  path: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<LocalCheckpoint> {
  await checkDirectory(path);
  const directory: CheckpointDirectory = {
    label: path,
    open: (name) => fileSource(join(path, name)),
  };
  return { ...(await readCheckpoint(directory, options)), path };
}

async function checkDirectory(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new ModelError("not-found", `there is no checkpoint folder ${path}`, {
      subject: path,
      cause,
    });
  });
  if (!found.isDirectory()) {
    throw new ModelError(
      "invalid-argument",
      `a checkpoint is a folder with config.json and model.safetensors, but ${path} is a file`,
      { subject: path },
    );
  }
}

// A checkpoint from anywhere a browser can read: picked files, OPFS, a server, the hub.

import { type Checkpoint, type CheckpointDirectory, readCheckpoint } from "@internvit/model-core";

/**
 * Reads configuration and tensor table of a checkpoint; no weights are read.
 *
 * @throws ModelError when a file is missing, malformed or unsupported; what the directory's reads reject with.
 */
export async function openCheckpoint(
  directory: CheckpointDirectory,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Checkpoint> {
  return readCheckpoint(directory, options);
}

// What a result says of weights and machine where no encoder was opened, such as one whose encoder was trained.

import { resolveEncoderWeights } from "@internvit/model-core";

import { onnxruntimeInstallation } from "./doctor/onnxruntime-installation.ts";
import type { LocalCheckpoint } from "./open-checkpoint.ts";
import { hashCheckpoint } from "./sidecar/checkpoint-hash.ts";
import type { HashOptions } from "./sidecar/file-hash.ts";
import { VERSION } from "./version.ts";

/** The same fields of `EncoderInfo`. */
export interface CheckpointProvenance {
  /** SHA-256 of the encoder's weight file or files; undefined where that would mean to read more than 16 GiB. */
  readonly checkpointHash: string | undefined;
  /** Of the runtime and of this project. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Options of `checkpointProvenance`. */
export type CheckpointProvenanceOptions = Pick<HashOptions, "cacheDirectory" | "signal">;

/**
 * What `createVisionEncoder` would tell of a checkpoint, without opening it. Hashes are kept in the cache folder.
 *
 * @throws ModelError for a checkpoint without encoder, RuntimeError `io`; the signal's reason
 */
export async function checkpointProvenance(
  checkpoint: LocalCheckpoint,
  options: CheckpointProvenanceOptions,
): Promise<CheckpointProvenance> {
  const weights = [resolveEncoderWeights(checkpoint)];
  return {
    checkpointHash: await hashCheckpoint(checkpoint, weights, options),
    versions: {
      internvit: VERSION,
      "onnxruntime-node": onnxruntimeInstallation()?.version ?? "unknown",
      node: process.versions.node,
    },
  };
}

// What a segmentation run is of: everything that has a say in its result.

import type { EncoderInfo } from "@internvit/model-core";

import { hashProtocol } from "../../protocols/protocol-hash.ts";
import type { SegmentationProtocol } from "../../protocols/segmentation-protocol.ts";
import { checkIdentity, type ClaimOptions, placeless } from "../run-identity.ts";
import type { SegmentationRunOptions } from "./segmentation-run-options.ts";

/** What tells a run from others, beside its protocol. */
export interface SegmentationIdentityOptions extends Pick<
  SegmentationRunOptions,
  "model" | "runtime" | "train" | "val"
> {
  /** Of the frozen encoder; undefined where the runtime trains it. */
  readonly encoder: Pick<EncoderInfo, "executionProvider" | "dtype"> | undefined;
}

/** The identity of a run, as JSON. */
export async function segmentationIdentity(
  protocol: SegmentationProtocol,
  { model, runtime, train, val, encoder }: SegmentationIdentityOptions,
): Promise<object> {
  const { name, checkpointHash } = model;
  const { executionProvider: provider, dtype } = encoder ?? { ...runtime, dtype: "float32" };
  return {
    protocol,
    protocolHash: await hashProtocol(protocol),
    // A hash says more than a name, which may be a path that was written in another way.
    model: { name: checkpointHash === null ? name : "", checkpointHash, provider, dtype },
    train: placeless(train),
    val: placeless(val),
    classes: train.classes,
  };
}

/** Options of `checkSegmentationStorage`. */
export type CheckSegmentationStorageOptions = SegmentationIdentityOptions & ClaimOptions;

/**
 * Compares a storage with a run, as `checkStorage` does for classification, before anything is measured. Nothing is
 * written.
 *
 * @throws EvalError `mismatch` for a storage of another run, naming what differs, and for one that holds this run when
 * `resume` is false
 */
export async function checkSegmentationStorage(
  protocol: SegmentationProtocol,
  options: CheckSegmentationStorageOptions,
): Promise<void> {
  await checkIdentity(await segmentationIdentity(protocol, options), options);
}

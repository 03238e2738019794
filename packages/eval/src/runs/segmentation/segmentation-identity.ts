// What a segmentation run is of: everything that has a say in its result.

import type { EncoderInfo } from "@internvit/model-core";

import { hashProtocol } from "../../protocols/protocol-hash.ts";
import type { SegmentationProtocol } from "../../protocols/segmentation-protocol.ts";
import { placeless } from "../run-identity.ts";
import type { SegmentationRunOptions } from "./segmentation-run-options.ts";

/** The identity of a run, as JSON. */
export async function segmentationIdentity(
  protocol: SegmentationProtocol,
  {
    model,
    runtime,
    train,
    val,
    encoder,
  }: Pick<SegmentationRunOptions, "model" | "runtime" | "train" | "val"> & {
    /** Of the frozen encoder; undefined where the runtime trains it. */
    readonly encoder: EncoderInfo | undefined;
  },
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

// The trained heads in the storage of a run.

import { encoderConfigJson, type JsonFacts } from "@internvit/model-core";
import type { TrainingSession } from "@internvit/train";

import {
  encodeHeadFacts,
  type SegmentationHeadFacts,
} from "../../heads/segmentation/head-facts.ts";
import { encodeSegmentationHead } from "../../heads/segmentation/head-file.ts";
import type { SegmentationForm } from "../../heads/segmentation/form.ts";
import { hashProtocol } from "../../protocols/protocol-hash.ts";
import type { SegmentationProtocol } from "../../protocols/segmentation-protocol.ts";
import type { SegmentationRunOptions } from "./segmentation-run-options.ts";
import { tunedEncoder } from "./segmentation-training.ts";

/** The head of the scoring with the best mean IoU; `HEAD_FILE` is that of the last one. */
export const BEST_HEAD_FILE = "best-head.safetensors";

/** What the files of a run say of themselves, but for the iteration. */
export async function describeHead(
  protocol: SegmentationProtocol,
  {
    checkpoint,
    model,
    train,
    form,
    blocks,
  }: Pick<SegmentationRunOptions, "checkpoint" | "model" | "train"> & {
    readonly form: SegmentationForm;
    readonly blocks: readonly number[];
  },
): Promise<Omit<SegmentationHeadFacts, "iteration">> {
  const { config } = checkpoint;
  const trained = tunedEncoder(protocol) !== undefined;
  const own = trained ? { ...config, imageSize: protocol.cropSize } : config;
  return {
    form,
    classes: train.classes,
    blocks,
    inference: protocol.inference,
    protocol: { name: protocol.name, hash: await hashProtocol(protocol) },
    encoder: {
      name: model.name,
      checkpointHash: model.checkpointHash,
      trained,
      config: encoderConfigJson(own) as JsonFacts,
    },
  };
}

/** The bytes of the head as it is now. */
export async function headBytes(
  session: TrainingSession,
  description: Omit<SegmentationHeadFacts, "iteration">,
): Promise<Uint8Array<ArrayBuffer>> {
  const { updates } = session;
  const metadata = encodeHeadFacts({ ...description, iteration: updates });
  return encodeSegmentationHead(await session.weights(), { updates, metadata });
}

// `fast-linear` and its like: features of all patches once, then the linear head on them, scored once at the end.

import type { Tensor } from "@internvit/model-core";
import { batchOrder, type Tensors } from "@internvit/train";

import { IGNORED_LABEL } from "../../augment/segmentation/label-map.ts";
import type { FeatureSegmentationProtocol } from "../../protocols/segmentation-protocol.ts";
import { checkBatch } from "../training-pictures.ts";
import { trainingCount } from "./check-run.ts";
import { extractPatchFeatures, type PatchFeatures } from "./patch-features.ts";
import type { SegmentationRunOutcome } from "./segmentation-run-options.ts";
import { openTraining, type RunParts } from "./segmentation-training.ts";
import type { TapEncoders } from "./tap-encoders.ts";
import { segmentationProgress, trainAndScore } from "./training-run.ts";
import type { TrainingSamples } from "./training-samples.ts";

/** Runs the protocol, or goes on with it. */
export async function runFeatures(
  protocol: FeatureSegmentationProtocol,
  options: RunParts & { readonly encoders: TapEncoders },
): Promise<SegmentationRunOutcome> {
  const { train, encoders, onEvent = () => {} } = options;
  const scoreEvery = protocol.iterations;
  const encoded = trainingCount(protocol, train.length);
  const progress = segmentationProgress(protocol, { ...options, scoreEvery, encoded });
  const start = performance.now();
  const features = await extractPatchFeatures(train, {
    ...options,
    protocol,
    encoders,
    progress,
    onUnreadable: (picture) => onEvent({ kind: "unreadable", picture }),
  });
  checkBatch(features.pictures.length, protocol.batch);
  const featureSeconds = (performance.now() - start) / 1e3;
  await using training = await openTraining(protocol, options);
  return await trainAndScore(protocol, {
    ...options,
    training,
    scoreEvery,
    progress,
    samples: featureSamples(features, protocol),
    input: async (taps) => taps,
    before: { unreadable: [...features.unreadable], featureSeconds },
  });
}

/** The kept features of each step. */
function featureSamples(
  features: PatchFeatures,
  { batch, seed, cropSize }: FeatureSegmentationProtocol,
): (step: number) => Promise<TrainingSamples<Tensors>> {
  const { pictures } = features;
  const order = batchOrder({ rows: pictures.length, batch, seed });
  return async (step) => {
    const rows = await Promise.all(Array.from(order(step), (row) => features.read(pictures[row]!)));
    const [tokens = 0, width = 0] = rows[0]!.features.shape;
    const size = tokens * width;
    const plane = cropSize * cropSize;
    const taps = new Float32Array(batch * size);
    const labels = new Uint8Array(batch * plane);
    for (const [row, found] of rows.entries()) {
      taps.set(found.features.data, row * size);
      labels.set(found.labels, row * plane);
    }
    return {
      input: { "taps.0": { dtype: "float32", shape: [batch, tokens, width], data: taps } },
      labels: {
        dtype: "uint8",
        shape: [batch, cropSize, cropSize],
        data: labels,
      } as Tensor<"uint8">,
      unreadable: [],
      unlabelled: rows.filter((row) => row.labels.every((label) => label === IGNORED_LABEL)).length,
    };
  };
}

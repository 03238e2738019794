// The report's protocols: crops of training pictures in every iteration, through the encoder or with it.

import type { OnlineSegmentationProtocol } from "../../protocols/segmentation-protocol.ts";
import type { SegmentationRunOutcome } from "./segmentation-run-options.ts";
import { openTraining, type RunParts } from "./segmentation-training.ts";
import { segmentationProgress, trainAndScore } from "./training-run.ts";
import { trainingSamples } from "./training-samples.ts";

/** Runs the protocol, or goes on with it. */
export async function runOnline(
  protocol: OnlineSegmentationProtocol,
  options: RunParts,
): Promise<SegmentationRunOutcome> {
  const { train, decode, signal } = options;
  const { scoreEvery } = protocol;
  await using training = await openTraining(protocol, options);
  return await trainAndScore(protocol, {
    ...options,
    training,
    scoreEvery,
    progress: segmentationProgress(protocol, { ...options, scoreEvery }),
    samples: trainingSamples(train, { protocol, decode, signal }),
    input: (pixelValues) => training.input(pixelValues, signal),
    before: {},
  });
}

// The one way to run a segmentation protocol, whatever its kind.

import { isTrainError } from "@internvit/train";

import { EvalError } from "../../errors.ts";
import type { SegmentationProtocol } from "../../protocols/segmentation-protocol.ts";
import { type ClaimOptions, claimIdentity } from "../run-identity.ts";
import { segmentationBlocks } from "./blocks.ts";
import { checkRun } from "./check-run.ts";
import { runFeatures } from "./features-run.ts";
import { runOnline } from "./online-run.ts";
import { segmentationIdentity } from "./segmentation-identity.ts";
import type { SegmentationRunOptions, SegmentationRunOutcome } from "./segmentation-run-options.ts";
import { type RunParts, tunedEncoder } from "./segmentation-training.ts";
import { createTapEncoders } from "./tap-encoders.ts";

/** Options of `runSegmentation`. */
export type RunSegmentationOptions = SegmentationRunOptions & ClaimOptions;

/**
 * Probes an encoder by a segmentation protocol. Killed at any moment, the same call with `resume` ends with the same
 * heads and scores to the bit, on the same machine. The storage holds the heads under `BEST_HEAD_FILE` and `HEAD_FILE`.
 *
 * @throws EvalError `mismatch` for a storage of another run and for sets of other classes, `invalid-argument` for blocks
 * and sizes that do not fit the encoder, `invalid-data` for data that cannot be used, for a training that left the range
 * of numbers and for a state that is damaged, `io`; the signal's reason
 */
export async function runSegmentation(
  protocol: SegmentationProtocol,
  options: RunSegmentationOptions,
): Promise<SegmentationRunOutcome> {
  const { checkpoint } = options;
  const { cropSize } = protocol;
  options.signal?.throwIfAborted();
  checkRun(protocol, options);
  const { blocks, derived } = segmentationBlocks(protocol, checkpoint.config);
  await using encoders =
    tunedEncoder(protocol) === undefined
      ? createTapEncoders(options.openEncoders, { blocks })
      : undefined;
  const open = await encoders?.open({ width: cropSize, height: cropSize });
  const identity = await segmentationIdentity(protocol, { ...options, encoder: open?.[0]?.info });
  await claimIdentity(identity, options);
  try {
    const parallel = open?.length ?? 1;
    const outcome = await run(protocol, { ...options, blocks, encoders, parallel });
    const { numHiddenLayers } = checkpoint.config;
    const warning = `${blocks.length === 1 ? "block" : "blocks"} ${blocks.join(", ")} of ${numHiddenLayers}: derived, not published; the published configurations are for 45 and 48`;
    return { ...outcome, warnings: [...(derived ? [warning] : []), ...outcome.warnings] };
  } catch (error) {
    if (!isTrainError(error)) throw error;
    // Callers know one class of errors for all that can go wrong with a run.
    throw new EvalError(error.code === "mismatch" ? "mismatch" : "invalid-data", error.message, {
      subject: protocol.name,
      cause: error,
    });
  }
}

function run(protocol: SegmentationProtocol, parts: RunParts): Promise<SegmentationRunOutcome> {
  const { encoders } = parts;
  if (protocol.kind === "online") return runOnline(protocol, parts);
  return runFeatures(protocol, { ...parts, encoders: encoders! });
}

// What is refused before anything is computed.

import type { EncoderConfig } from "@internvit/model-core";

import { EvalError } from "../../errors.ts";
import type { SegmentationProtocol } from "../../protocols/segmentation-protocol.ts";
import { checkBatch } from "../training-pictures.ts";
import type { SegmentationRunOptions } from "./segmentation-run-options.ts";

/**
 * Refuses a protocol and sets that do not go together, or not with the encoder.
 *
 * @throws EvalError `mismatch` for other classes, `invalid-argument` for a size, `invalid-data` for too few pictures
 */
export function checkRun(
  protocol: SegmentationProtocol,
  options: Pick<SegmentationRunOptions, "checkpoint" | "train" | "val">,
): void {
  const { checkpoint, train, val } = options;
  const { mode } = protocol.inference;
  checkMultiple("cropSize", protocol.cropSize, checkpoint.config);
  if (mode.kind === "slide") {
    checkMultiple("inference.mode.window", mode.window, checkpoint.config);
    if (mode.stride > mode.window) {
      throw new EvalError(
        "invalid-argument",
        `inference.mode.stride: expected at most the window's ${mode.window} pixels, got ${mode.stride}`,
        { subject: "inference.mode.stride" },
      );
    }
  }
  const wrong = train.classes.findIndex((name, label) => name !== val.classes[label]);
  if (wrong >= 0 || train.classes.length !== val.classes.length) {
    const difference =
      wrong < 0
        ? `it has ${val.classes.length}, the training set ${train.classes.length}`
        : `label ${wrong} is ${val.classes[wrong] ?? "missing"} in it and ${train.classes[wrong]} in the training set`;
    throw new EvalError(
      "mismatch",
      `${val.name}: expected the classes of the training set ${train.name}; ${difference}`,
      { subject: val.name },
    );
  }
  if (val.length === 0) {
    throw new EvalError("invalid-data", `${val.name}: expected pictures to score, found none`, {
      subject: val.name,
    });
  }
  checkBatch(trainingCount(protocol, train.length), protocol.batch);
}

/** Training pictures that a protocol uses of those that there are. */
export function trainingCount(protocol: SegmentationProtocol, length: number): number {
  const wanted = protocol.kind === "features" ? protocol.pictures : null;
  return Math.min(wanted ?? length, length);
}

function checkMultiple(
  field: string,
  size: number,
  { patchSize }: Pick<EncoderConfig, "patchSize">,
): void {
  if (size % patchSize === 0) return;
  throw new EvalError(
    "invalid-argument",
    `${field}: expected a multiple of the patch, ${patchSize} pixels, got ${size}`,
    { subject: field },
  );
}

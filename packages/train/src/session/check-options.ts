// Numbers and first values that a training would only trip over later: in a step, or when its checkpoint is read again.

import { elementCount, type Tensor } from "@internvit/model-core";
import { formatShape } from "@internvit/model-core/onnx";

import { TrainError } from "../errors.ts";
import type { LossScaleOptions } from "../schedules/loss-scale.ts";
import type { TrainingOptions } from "./setup.ts";

/**
 * Throws for seed, schedule, loss scale, unchecked labels, groups and first values that no training can have.
 *
 * @throws TrainError `invalid-argument` with the option's or tensor's name
 */
export function checkOptions(options: TrainingOptions): void {
  const { model, loss, seed = 0, schedule, lossScale, group } = options;
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    refuse("seed", `expected a whole number from 0, got ${seed}`);
  }
  requireNotNegative("schedule(0)", schedule(0));
  if (lossScale !== undefined) checkLossScale(lossScale);
  for (const [name, { dtype, labels }] of Object.entries(loss.inputs)) {
    if (labels === undefined && /int/.test(dtype)) {
      refuse(name, `expected labels: { classes } or labels: "unchecked" for ${dtype} of a loss`);
    }
  }
  for (const [name, tensor] of Object.entries({ ...model.parameters, ...model.buffers })) {
    checkValues(name, tensor);
  }
  for (const [name, { shape }] of Object.entries(model.parameters)) {
    const { learningRateScale = 1, weightDecay = 0 } = group?.(name, shape) ?? {};
    requireNotNegative(`group of ${name}: learningRateScale`, learningRateScale);
    requireNotNegative(`group of ${name}: weightDecay`, weightDecay);
  }
}

function checkLossScale(options: LossScaleOptions): void {
  const { initial = 1, growth = 1, backoff = 0.5, interval = 1 } = options;
  if (!(initial > 0 && initial < Infinity))
    refuse("lossScale.initial", `expected a finite number above 0, got ${initial}`);
  if (!(growth >= 1 && growth < Infinity))
    refuse("lossScale.growth", `expected a finite number from 1, got ${growth}`);
  if (!(backoff > 0 && backoff < 1))
    refuse("lossScale.backoff", `expected a number in (0, 1), got ${backoff}`);
  if (!(Number.isSafeInteger(interval) && interval > 0))
    refuse("lossScale.interval", `expected a count, got ${interval}`);
}

function checkValues(name: string, { shape, data }: Tensor): void {
  if (elementCount(shape) === 0) refuse(name, `${formatShape(shape)} has no elements`);
  const at = (data as Float32Array).findIndex((value) => !Number.isFinite(value));
  if (at >= 0) refuse(name, `expected finite first values, got ${String(data[at])} at ${at}`);
}

function requireNotNegative(name: string, value: number): void {
  if (value >= 0 && value < Infinity) return;
  refuse(name, `expected a finite number from 0, got ${value}`);
}

function refuse(subject: string, message: string): never {
  throw new TrainError("invalid-argument", `${subject}: ${message}`, { subject });
}

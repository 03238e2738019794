// What a protocol means for a training session.

import {
  cosineSchedule,
  crossEntropy,
  oneUpdateBehind,
  sgd,
  softCrossEntropy,
  type TrainingLoss,
  type TrainingOptions,
} from "@internvit/train";

import type { FeaturesProtocol, OnlineProtocol } from "../protocols/protocol.ts";

/** Optimizer, schedule, clipping and average of a protocol; `rate` is a learning rate as protocols have it. */
export function trainingSettings(
  protocol: FeaturesProtocol | OnlineProtocol,
  { rate, perEpoch }: { readonly rate: number; readonly perEpoch: number },
): Pick<TrainingOptions, "optimizer" | "schedule" | "maxGradNorm" | "averageDecay" | "seed"> {
  const { optimizer, batch, epochs, seed } = protocol;
  const { momentum, nesterov, rateBatch, maxGradNorm, averageDecay } = optimizer;
  const scale = batch / rateBatch;
  const schedule = cosineSchedule({
    peak: rate * scale,
    total: epochs * perEpoch,
    warmup: Math.round(optimizer.schedule.warmupEpochs * perEpoch),
    minimum: optimizer.schedule.minimum * scale,
  });
  return {
    optimizer: sgd({ momentum, nesterov }),
    schedule: optimizer.schedule.oneUpdateBehind ? oneUpdateBehind(schedule) : schedule,
    ...(maxGradNorm !== null && { maxGradNorm }),
    ...(averageDecay !== null && { averageDecay }),
    seed,
  };
}

/** Cross-entropy with `labels` [batch]. */
export function labelLoss(options: {
  readonly batch: number;
  readonly classes: number;
  readonly smoothing: number;
}): TrainingLoss {
  const { batch, classes, smoothing } = options;
  return {
    inputs: { labels: { dtype: "int64", shape: [batch], labels: { classes } } },
    build: (graph, { input, output }) =>
      crossEntropy(graph, output("logits"), { labels: input("labels"), smoothing }),
  };
}

/** Cross-entropy with `targets` [batch, classes]. */
export function targetLoss(options: {
  readonly batch: number;
  readonly classes: number;
}): TrainingLoss {
  return {
    inputs: { targets: { dtype: "float32", shape: [options.batch, options.classes] } },
    build: (graph, { input, output }) =>
      softCrossEntropy(graph, output("logits"), { targets: input("targets") }),
  };
}

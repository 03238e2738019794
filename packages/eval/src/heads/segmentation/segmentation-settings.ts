// Optimizer, schedule and parameter groups of the segmentation recipes: AdamW, a polynomial (by default a straight line to
// 0) with linear warm-up, layer-wise decay, no clipping. Reference:
// segmentation/mmcv_custom/layer_decay_optimizer_constructor.py. Weight decay spares vectors and biases; class token and
// position embedding, which the published rule means to spare, it does not find under their prefix.

import { adamW, layerDecay, polySchedule, type TrainingOptions } from "@internvit/train";

import { wholeName } from "./encoder-parts.ts";

/** What recipes set. */
export interface SegmentationSettings {
  /** Largest learning rate: 4e-5. */
  readonly rate: number;
  /** Of AdamW. Default: 0.9 and 0.999. */
  readonly betas?: readonly [number, number];
  /** Of AdamW. Default: 1e-8. */
  readonly epsilon?: number;
  /** Updates: 80,000. */
  readonly updates: number;
  /** Of them with linear warm-up: 1500. */
  readonly warmup: number;
  /** Factor of the first update's rate. Default: 1e-6. */
  readonly warmupRatio?: number;
  /** Of the schedule. Default: 1, a straight line. */
  readonly power?: number;
  /** The rate that the schedule ends with. Default: 0. */
  readonly minimum?: number;
  /** 0 for linear probing, 0.05 for tuning. */
  readonly weightDecay: number;
  /** Rate of a block over that of the next; 0.95 for full tuning, else 1. */
  readonly layerDecay: number;
  /** Blocks of the encoder, as layer-wise decay counts them. */
  readonly layers: number;
  readonly seed: number;
}

/** The part of a training's options that the settings decide. */
export function segmentationSettings(
  settings: SegmentationSettings,
): Required<Pick<TrainingOptions, "optimizer" | "schedule" | "group" | "seed">> {
  const { rate, updates, warmup, warmupRatio = 1e-6, weightDecay, layers, seed } = settings;
  const { betas = [0.9, 0.999], epsilon = 1e-8, power = 1, minimum = 0 } = settings;
  const groupOf = layerDecay({ layers, rate: settings.layerDecay, weightDecay });
  return {
    optimizer: adamW({ betas, epsilon }),
    schedule: polySchedule({ peak: rate, total: updates, power, minimum, warmup, warmupRatio }),
    group: (name, shape) => groupOf(wholeName(name), shape),
    seed,
  };
}

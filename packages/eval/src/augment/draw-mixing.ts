// How a training batch is mixed with itself in reverse: mixup or cutmix (timm 0.6, `Mixup` in mode "batch", as the
// classification probes have it by default). Drawn once per batch.
//
// Deviation: the draws are timm's in kind, not NumPy's numbers: they come from a generator of the batch's own.

import type { Window } from "@internvit/preprocess";

import { batchRandom, type BatchKey } from "./draw-source.ts";
import { drawBeta } from "../draws/draw-beta.ts";

/**
 * What is done to a batch, as plain data. `lambda` is the share of a sample's own label, the rest is its partner's;
 * the partner of sample i of a batch of b is sample b - 1 - i.
 */
export type Mixing =
  | { readonly kind: "none"; readonly lambda: 1 }
  /** Every pixel is `lambda` of its own and `1 - lambda` of the partner's. */
  | { readonly kind: "mixup"; readonly lambda: number }
  /** The box is the partner's. It may be empty. */
  | { readonly kind: "cutmix"; readonly lambda: number; readonly box: Window };

/** Which batch is drawn for, and from what. */
export interface MixingOptions extends BatchKey {
  /** Pixels in a row of the batch's pictures. */
  readonly width: number;
  /** Rows of the batch's pictures. */
  readonly height: number;
  /** Mixup's weight is Beta(alpha, alpha); 0: no mixup. At most 4. Default 0.8. */
  readonly mixupAlpha?: number;
  /** Cutmix's share is Beta(alpha, alpha); 0: no cutmix. At most 4. Default 1. */
  readonly cutmixAlpha?: number;
  /** How often a batch is mixed at all. Default 1. */
  readonly probability?: number;
  /** How often a batch that is mixed is mixed by cutmix, where both are possible. Default 0.5. */
  readonly switchProbability?: number;
}

/**
 * Draws how a batch is mixed: the same for the same seed, epoch and batch, on any machine.
 *
 * @throws ModelError `invalid-argument` for a seed, epoch or batch out of range
 * @throws EvalError `invalid-argument` for an alpha out of range
 */
export function drawMixing(options: MixingOptions): Mixing {
  const { width, height, mixupAlpha = 0.8, cutmixAlpha = 1 } = options;
  const { probability = 1, switchProbability = 0.5 } = options;
  const random = batchRandom(options);
  const mixed = random.uniform() < probability && (mixupAlpha !== 0 || cutmixAlpha !== 0);
  if (!mixed) return { kind: "none", lambda: 1 };
  const switched = random.uniform() < switchProbability;
  const cut = cutmixAlpha !== 0 && (switched || mixupAlpha === 0);
  if (!cut) return { kind: "mixup", lambda: drawBeta(random, mixupAlpha) };
  const share = drawBeta(random, cutmixAlpha);
  const y = random.integer(0, height - 1);
  const x = random.integer(0, width - 1);
  return cutmixAt({ width, height }, { lambda: share, x, y });
}

/**
 * Cutmix with its box around a drawn pixel: an odd side loses one pixel, what leaves the picture is cut off, and
 * `lambda` becomes the share that is really left.
 */
export function cutmixAt(
  picture: { readonly width: number; readonly height: number },
  drawn: { readonly lambda: number; readonly x: number; readonly y: number },
): Mixing & { readonly kind: "cutmix" } {
  const { width, height } = picture;
  const side = Math.sqrt(1 - drawn.lambda);
  const halfWidth = Math.trunc(width * side) >> 1;
  const halfHeight = Math.trunc(height * side) >> 1;
  const left = Math.max(drawn.x - halfWidth, 0);
  const top = Math.max(drawn.y - halfHeight, 0);
  const box = {
    left,
    top,
    width: Math.min(drawn.x + halfWidth, width) - left,
    height: Math.min(drawn.y + halfHeight, height) - top,
  };
  const lambda = 1 - (box.width * box.height) / (width * height);
  return { kind: "cutmix", lambda, box };
}

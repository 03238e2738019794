// Dynamic loss scaling, torch.amp.GradScaler's rule: gradients of a float16 graph are made larger so that small ones do
// not vanish; where they overflow, the update is left out and the scale halved, and after many good updates it doubles.

/** Where a dynamic loss scale stands. */
export interface LossScale {
  readonly scale: number;
  /** Good updates since the scale changed. */
  readonly goodUpdates: number;
}

/** Settings of `nextLossScale`. */
export interface LossScaleOptions {
  /** Default: 65536. */
  readonly initial?: number;
  /** Default: 2. */
  readonly growth?: number;
  /** Default: 0.5. */
  readonly backoff?: number;
  /** Good updates until the scale grows. Default: 2000. */
  readonly interval?: number;
}

/** The scale of the first update. */
export function initialLossScale({ initial = 65_536 }: LossScaleOptions = {}): LossScale {
  return { scale: initial, goodUpdates: 0 };
}

/** The scale after an update, good or overflowed. */
export function nextLossScale(
  { scale, goodUpdates }: LossScale,
  options: LossScaleOptions & { readonly overflowed: boolean },
): LossScale {
  const { overflowed, growth = 2, backoff = 0.5, interval = 2000 } = options;
  if (overflowed) return { scale: scale * backoff, goodUpdates: 0 };
  if (goodUpdates + 1 < interval) return { scale, goodUpdates: goodUpdates + 1 };
  return { scale: scale * growth, goodUpdates: 0 };
}

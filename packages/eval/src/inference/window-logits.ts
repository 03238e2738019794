// What segments a window, whatever it is made of: a frozen encoder and a head, both in training, or a stored head.

import type { Tensor } from "@internvit/model-core";

/** Encoder and head as one. */
export interface WindowLogits {
  readonly classes: number;
  /** Sides of windows are multiples of it. */
  readonly patchSize: number;
  /** Windows that are worth running at once. */
  readonly batch: number;
  /**
   * uint8 `[n, height, width, 3]`, RGB → float32 `[n, classes, rows, columns]`: raw logits at the head's own
   * resolution. Several calls may be under way.
   *
   * @throws as encoder and head do; the signal's reason
   */
  run(pixels: Tensor<"uint8">, signal?: AbortSignal): Promise<Tensor<"float32">>;
}

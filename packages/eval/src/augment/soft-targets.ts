// The targets of a training batch: smoothed one-hot labels, mixed as the pictures are, in timm 0.6's float32 arithmetic
// (`mixup_target`): off = smoothing / classes, on = 1 - smoothing + off.

import type { Tensor } from "@internvit/model-core";

import { EvalError } from "../errors.ts";
import { assertPairs } from "./apply-mixing.ts";
import type { Mixing } from "./draw-mixing.ts";

/**
 * float32 `[batch, classes]`; every row sums to 1.
 *
 * @throws EvalError `invalid-argument` for an odd batch that is mixed, `invalid-data` for a label outside the classes
 */
export function softTargets(
  labels: ArrayLike<number>,
  options: {
    readonly classes: number;
    /** Share of a label that is spread over all classes. Default 0.1. */
    readonly smoothing?: number;
    /** How the batch's pictures were mixed. Default: not at all. */
    readonly mixing?: Mixing;
  },
): Tensor<"float32"> {
  const { classes, smoothing = 0.1, mixing = { kind: "none", lambda: 1 } } = options;
  const batch = labels.length;
  assertPairs(batch, mixing);
  const off = Math.fround(smoothing / classes);
  const on = Math.fround(1 - smoothing + smoothing / classes);
  const own = Math.fround(mixing.lambda);
  const other = Math.fround(1 - mixing.lambda);
  const data = new Float32Array(batch * classes);
  data.fill(Math.fround(off * own) + Math.fround(off * other));
  for (let row = 0; row < batch; row++) {
    const label = labels[row]!;
    const partner = labels[batch - 1 - row]!;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new EvalError(
        "invalid-data",
        `sample ${row} of the batch: expected a label from 0 to ${classes - 1}, got ${label}`,
      );
    }
    for (const column of [label, partner]) {
      data[row * classes + column] =
        Math.fround((column === label ? on : off) * own) +
        Math.fround((column === partner ? on : off) * other);
    }
  }
  return { dtype: "float32", shape: [batch, classes], data };
}

// The patch tokens of a picture, apart from the class token: what is drawn and compared.

import { ModelError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";

/** Patch tokens of one picture, row-major. */
export interface PatchFeatures {
  /** [gridHeight * gridWidth, hidden] without the class token. */
  readonly data: Float32Array;
  readonly gridHeight: number;
  readonly gridWidth: number;
}

/**
 * The patches of one picture out of `lastHiddenState` (or another hidden state) `[n, tokens, hidden]`, whose first
 * token is the class token. The numbers are a view of the tensor's.
 *
 * @throws ModelError `mismatch` when the tokens are not one for each patch of that size and a class token,
 * `invalid-argument` for a picture that the tensor does not have.
 */
export function patchFeatures(
  hiddenState: Tensor<"float32">,
  options: {
    /** Pixels of what was encoded. */
    readonly inputSize: { readonly height: number; readonly width: number };
    readonly patchSize: number;
    /** Which of the n pictures. Default 0. */
    readonly picture?: number;
  },
): PatchFeatures {
  const { inputSize, patchSize, picture = 0 } = options;
  const [count = 0, tokens = 0, hidden = 0] = hiddenState.shape;
  const gridHeight = Math.floor(inputSize.height / patchSize);
  const gridWidth = Math.floor(inputSize.width / patchSize);
  if (tokens !== gridHeight * gridWidth + 1) {
    throw new ModelError(
      "mismatch",
      `expected ${gridHeight}x${gridWidth} patches and a class token, found ${tokens} tokens`,
    );
  }
  if (!Number.isSafeInteger(picture) || picture < 0 || picture >= count) {
    throw new ModelError(
      "invalid-argument",
      `picture: expected a whole number from 0 to ${count - 1}, found ${picture}`,
    );
  }
  const start = (picture * tokens + 1) * hidden;
  const data = hiddenState.data.subarray(start, start + (tokens - 1) * hidden);
  return { data, gridHeight, gridWidth };
}

/** Numbers of one patch. */
export function hiddenSizeOf({ data, gridHeight, gridWidth }: PatchFeatures): number {
  return data.length / (gridHeight * gridWidth);
}

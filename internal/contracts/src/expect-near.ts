// What a golden in float32 is met with.

import type { EncoderOutput } from "@internvit/model-core";
import { difference, FLOAT32_GOLDEN_TOLERANCE } from "@internvit/test-kit/portable";
import { expect } from "vitest";

/** Expects an output within the goldens' tolerance. */
export function expectNear(
  computed: Float32Array,
  golden: Float32Array,
  output: EncoderOutput,
): void {
  const { maxAbsolute, relativeL2 } = difference(computed, golden);
  expect(maxAbsolute, output).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.maxAbsolute);
  expect(relativeL2, output).toBeLessThanOrEqual(FLOAT32_GOLDEN_TOLERANCE.relativeL2);
}

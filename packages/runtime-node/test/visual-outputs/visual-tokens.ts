// What the tests of visual tokens compute and compare with: the golden tokens of tiny-chat.

import { featureOf, type Tensor } from "@internvit/model-core";
import { createVisionEncoder, type VisionEncoderOptions } from "@internvit/runtime-node";
import { difference, FLOAT32_GOLDEN_TOLERANCE } from "@internvit/test-kit";

import { goldenOutput, goldenPixels } from "../tiny-chat.ts";

/** Asks for them. */
export const VISUAL_TOKENS = { outputs: ["visual_tokens"] } as const;

/** The golden pixels' tokens. */
export async function tokensOf(
  checkpoint: string,
  options: VisionEncoderOptions = {},
): Promise<Tensor<"float32">> {
  await using encoder = await createVisionEncoder(checkpoint, { ...VISUAL_TOKENS, ...options });
  return featureOf(await encoder.encode(goldenPixels()), "visual_tokens");
}

/** How much of the tolerance the difference to a golden output takes; 1 is all of it. */
export function goldenGap({ data }: Tensor<"float32">, name = "visual_tokens.v2.layer-1"): number {
  const { maxAbsolute, relativeL2 } = difference(data, goldenOutput(name));
  return Math.max(
    maxAbsolute / FLOAT32_GOLDEN_TOLERANCE.maxAbsolute,
    relativeL2 / FLOAT32_GOLDEN_TOLERANCE.relativeL2,
  );
}

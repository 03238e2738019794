// Planned pixels to visual tokens, with what belongs to them: the plan and the prompt. The plan is the only source
// of tile and token counts; here it is held against the tensors, before and after the encoder runs.

import { ModelError } from "./errors.ts";
import {
  expandImagePlaceholders,
  visualPrompt,
  type VisualPromptOptions,
} from "./prompt/image-placeholders.ts";
import type { Tensor } from "./tensor.ts";
import type { VisualPlan } from "./tiling/visual-plan.ts";
import { type EncodeOptions, featureOf, type VisionEncoder } from "./vision-encoder.ts";

/** What `encodeVisualTokens` encodes. */
export interface PlannedPixels {
  readonly plan: VisualPlan;
  /** The tiles of all pictures of the plan, in its order; uint8 or float32 as `VisionEncoder.encode` takes them. */
  readonly pixels: Tensor<"uint8"> | Tensor<"float32">;
}

/** Options of `encodeVisualTokens`. */
export interface EncodeVisualTokensOptions extends EncodeOptions, VisualPromptOptions {}

/** Visual tokens with the plan and the prompt that they belong to. */
export interface PlannedVisualTokens {
  /** [tiles, tokensPerTile, T]; those of a picture are at its `tokens` of the plan, tiles one after the other. */
  readonly visualTokens: Tensor<"float32">;
  readonly plan: VisualPlan;
  /** The user's first text: `<img>`, one `<IMG_CONTEXT>` per visual token and `</img>` per picture, and the question. */
  readonly prompt: string;
}

/**
 * Encodes the tiles of a plan. The result's counts are the plan's, or there is no result.
 *
 * @throws ModelError `mismatch` when pixels, encoder or result have other counts than the plan; `invalid-argument` when
 *   the encoder was created without `visual_tokens` and as `visualPrompt`; what the encoder throws.
 */
export async function encodeVisualTokens(
  encoder: VisionEncoder,
  { plan, pixels }: PlannedPixels,
  options: EncodeVisualTokensOptions = {},
): Promise<PlannedVisualTokens> {
  const { signal, ...text } = options;
  const { tileCount, tokensPerTile } = plan;
  const { visual, outputs } = encoder.info;
  if (visual === undefined || !outputs.includes("visual_tokens")) {
    throw new ModelError(
      "invalid-argument",
      `expected an encoder with the output visual_tokens, got one with ${outputs.join(", ")}`,
    );
  }
  checkCount("tiles of pixels", pixels.shape[0], tileCount);
  checkCount("visual tokens of a tile that the encoder gives", visual.tokensPerTile, tokensPerTile);
  // Before the encoder runs: a text that cannot be used should not cost minutes.
  const prompt = expandImagePlaceholders(visualPrompt(plan, text), plan);
  const features = await encoder.encode(pixels, signal === undefined ? {} : { signal });
  const visualTokens = featureOf(features, "visual_tokens");
  const { shape } = visualTokens;
  checkCount("axes of the visual tokens", shape.length, 3);
  checkCount("tiles of the visual tokens", shape[0], tileCount);
  checkCount("visual tokens of a tile", shape[1], tokensPerTile);
  return { visualTokens, plan, prompt };
}

function checkCount(what: string, found: number | undefined, expected: number): void {
  if (found !== expected) {
    throw new ModelError(
      "mismatch",
      `${what}: expected ${expected} as the plan says, found ${found ?? "none"}`,
    );
  }
}

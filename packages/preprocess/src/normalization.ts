// The normalisation constants of the InternVL code.

import type { PixelNormalization } from "@internvit/model-core";

/** What InternViT is trained with. */
export const IMAGENET_NORMALIZATION: PixelNormalization = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** InternVL's CLIP constants: seven digits, slightly shorter than OpenAI's. */
export const CLIP_NORMALIZATION: PixelNormalization = {
  mean: [0.4814546, 0.4578275, 0.40821073],
  std: [0.2686295, 0.2613025, 0.2757711],
};

/** InternVL's SigLIP constants. */
export const SIGLIP_NORMALIZATION: PixelNormalization = {
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
};

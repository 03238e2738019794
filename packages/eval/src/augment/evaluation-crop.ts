// What the classification probes see of a picture that is scored: torchvision's Resize (the shorter side to `size`,
// bicubic) and CenterCrop. It is not the CLIP processor's: halves of a pixel go to the even offset, not to the left.

import { resizeWindow, type RgbImage, type Window } from "@internvit/preprocess";

import { roundHalfEven } from "./round-half-even.ts";

/** The size to which a picture is resized, and the part of that which is kept. */
export interface EvaluationCrop {
  readonly width: number;
  readonly height: number;
  readonly window: Window;
}

/** How a picture of a given size is scored with squares of `size` pixels per edge. */
export function evaluationWindow(
  picture: { readonly width: number; readonly height: number },
  size: number,
): EvaluationCrop {
  // Truncated after one division, as Python's int(size * long / short).
  const upright = picture.width <= picture.height;
  const width = upright ? size : Math.trunc((size * picture.width) / picture.height);
  const height = upright ? Math.trunc((size * picture.height) / picture.width) : size;
  const left = roundHalfEven((width - size) / 2);
  const top = roundHalfEven((height - size) / 2);
  return { width, height, window: { left, top, width: size, height: size } };
}

/**
 * The middle square of the picture, resized so that its shorter side fits: a new picture of `size` x `size`. Only its
 * pixels are computed, whatever the aspect ratio.
 *
 * @throws PreprocessError `invalid-argument`
 */
export function evaluationCrop(
  image: RgbImage,
  options: {
    /** Pixels per edge of the result. Default 448. */
    readonly size?: number;
  } = {},
): RgbImage {
  const { size = 448 } = options;
  return resizeWindow(image, evaluationWindow(image, size));
}

// Labels painted over the picture that they belong to.

import type { RgbImage } from "@internvit/preprocess";

import { IGNORED_LABEL, type LabelMap } from "../augment/segmentation/label-map.ts";
import { EvalError } from "../errors.ts";
import type { Rgb } from "./class-colours.ts";
import { labelColours } from "./label-colours.ts";

/** Options of `overlayLabels`. */
export interface OverlayOptions {
  /** Of each class. */
  readonly colours: readonly Rgb[];
  /** 0 shows the picture alone, 1 the colours alone. */
  readonly opacity: number;
}

/**
 * A new picture; ignored pixels stay as they are.
 *
 * @throws EvalError `mismatch` for labels of another size or without a colour, `invalid-argument` for an opacity outside
 * 0 to 1
 */
export function overlayLabels(
  image: RgbImage,
  label: LabelMap,
  { colours, opacity }: OverlayOptions,
): RgbImage {
  if (image.width !== label.width || image.height !== label.height) {
    throw new EvalError(
      "mismatch",
      `expected labels of ${image.width}x${image.height} as the picture, got ${label.width}x${label.height}`,
    );
  }
  if (!(opacity >= 0 && opacity <= 1)) {
    throw new EvalError(
      "invalid-argument",
      `opacity: expected a number from 0 to 1, got ${opacity}`,
    );
  }
  const table = labelColours(label, colours);
  const data = Uint8Array.from(image.data);
  for (let pixel = 0; pixel < label.data.length; pixel++) {
    const value = label.data[pixel]!;
    if (value === IGNORED_LABEL) continue;
    for (let channel = 0; channel < 3; channel++) {
      const [at, colour] = [pixel * 3 + channel, table[value * 3 + channel]!];
      data[at] = Math.round(data[at]! + opacity * (colour - data[at]!));
    }
  }
  return { width: image.width, height: image.height, data };
}

import type { RgbImage } from "@internvit/preprocess";

import { blankImage, pasteImage } from "./paint.ts";

/** Two pictures next to each other, tops level, with `gap` white pixels between them. */
export function sideBySide(
  left: RgbImage,
  { right, gap }: { readonly right: RgbImage; readonly gap: number },
): RgbImage {
  const height = Math.max(left.height, right.height);
  const sheet = blankImage(left.width + gap + right.width, height, [255, 255, 255]);
  pasteImage(sheet, { image: left, left: 0, top: 0 });
  pasteImage(sheet, { image: right, left: left.width + gap, top: 0 });
  return sheet;
}

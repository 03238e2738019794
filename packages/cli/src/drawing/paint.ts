// Drawing into 8-bit RGB pictures, in place: fill, paste, lines and small numbers. Numbers have their own 3×5 glyphs,
// because a text renderer needs fonts that a server may not have.

import type { RgbImage } from "@internvit/preprocess";

/** Red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number];

/** A rectangle of whole pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A picture of one colour. */
export function blankImage(width: number, height: number, color: Color): RgbImage {
  const image = { width, height, data: new Uint8Array(width * height * 3) };
  fillRectangle(image, { rectangle: { left: 0, top: 0, width, height }, color });
  return image;
}

/** Fills a rectangle; what lies outside the picture is left out. */
export function fillRectangle(
  image: RgbImage,
  { rectangle, color }: { readonly rectangle: Rectangle; readonly color: Color },
): void {
  const { left, top, width, height } = rectangle;
  const endX = Math.min(left + width, image.width);
  const endY = Math.min(top + height, image.height);
  for (let y = Math.max(top, 0); y < endY; y++) {
    for (let x = Math.max(left, 0); x < endX; x++) image.data.set(color, (y * image.width + x) * 3);
  }
}

/** Copies a picture into a larger one; it must lie inside. */
export function pasteImage(
  target: RgbImage,
  { image, left, top }: { readonly image: RgbImage; readonly left: number; readonly top: number },
): void {
  const rowBytes = image.width * 3;
  for (let y = 0; y < image.height; y++) {
    const row = image.data.subarray(y * rowBytes, (y + 1) * rowBytes);
    target.data.set(row, ((top + y) * target.width + left) * 3);
  }
}

// Rows from top to bottom, three bits each, the leftmost pixel first.
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  0: [0b111, 0b101, 0b101, 0b101, 0b111],
  1: [0b010, 0b110, 0b010, 0b010, 0b111],
  2: [0b111, 0b001, 0b111, 0b100, 0b111],
  3: [0b111, 0b001, 0b111, 0b001, 0b111],
  4: [0b101, 0b101, 0b111, 0b001, 0b001],
  5: [0b111, 0b100, 0b111, 0b001, 0b111],
  6: [0b111, 0b100, 0b111, 0b101, 0b111],
  7: [0b111, 0b001, 0b010, 0b010, 0b010],
  8: [0b111, 0b101, 0b111, 0b101, 0b111],
  9: [0b111, 0b101, 0b111, 0b001, 0b111],
};

/** Draws a number in white on a dark label; `scale` is the size of a glyph's pixel. */
export function drawNumber(
  image: RgbImage,
  options: {
    readonly value: number;
    readonly left: number;
    readonly top: number;
    readonly scale: number;
  },
): void {
  const { value, left, top, scale } = options;
  const digits = String(value);
  const label = { left, top, width: (digits.length * 4 + 1) * scale, height: 7 * scale };
  fillRectangle(image, { rectangle: label, color: [24, 24, 24] });
  for (const [index, digit] of [...digits].entries()) {
    for (const [row, bits] of (GLYPHS[digit] ?? []).entries()) {
      for (let column = 0; column < 3; column++) {
        if (((bits >> (2 - column)) & 1) === 0) continue;
        const rectangle = {
          left: left + (1 + index * 4 + column) * scale,
          top: top + (1 + row) * scale,
          width: scale,
          height: scale,
        };
        fillRectangle(image, { rectangle, color: [255, 255, 255] });
      }
    }
  }
}

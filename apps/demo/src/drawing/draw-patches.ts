// Pictures of patches: sharp squares, with a mark around the picked one and the one that is pointed at.

import { drawLayer } from "./draw-layer.ts";
import type { Surface } from "./surface.ts";

/** Draws a picture over the whole surface, smoothly; in gray where other colours will stand over it. */
export function drawPicture(
  { context, width, height }: Surface,
  { picture, isGray = false }: { readonly picture: ImageBitmap; readonly isGray?: boolean },
): void {
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.filter = isGray ? "grayscale(1)" : "none";
  context.drawImage(picture, 0, 0, width, height);
  context.filter = "none";
}

/** Draws one square for each pixel of `image` over the whole surface. */
export function drawSquares(
  surface: Surface,
  { image, opacity = 1 }: { readonly image: ImageData; readonly opacity?: number },
): void {
  const small = new OffscreenCanvas(image.width, image.height);
  small.getContext("2d")?.putImageData(image, 0, 0);
  drawLayer(surface, { layer: small, opacity });
}

/** Draws a frame around one patch: light inside dark, to be seen on anything. */
export function drawMark(
  { context, width, height, ratio }: Surface,
  options: {
    readonly patch: number;
    readonly columns: number;
    readonly rows: number;
    /** A picked patch has a thicker frame than one that is pointed at. */
    readonly isPicked: boolean;
  },
): void {
  const { patch, columns, rows, isPicked } = options;
  const [cellWidth, cellHeight] = [width / columns, height / rows];
  const left = (patch % columns) * cellWidth;
  const top = Math.floor(patch / columns) * cellHeight;
  const light = Math.round((isPicked ? 2 : 1) * ratio);
  const dark = light + 2 * Math.round(ratio);
  for (const [color, line] of [
    ["rgb(0 0 0 / 80%)", dark],
    ["white", light],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = line;
    context.strokeRect(left, top, cellWidth, cellHeight);
  }
}

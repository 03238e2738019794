// A picture over another one.

import type { Surface } from "./surface.ts";

/** Draws `layer` over the whole surface, in sharp pixels. */
export function drawLayer(
  { context, width, height }: Surface,
  { layer, opacity }: { readonly layer: CanvasImageSource; readonly opacity: number },
): void {
  context.imageSmoothingEnabled = false;
  context.globalAlpha = opacity;
  context.drawImage(layer, 0, 0, width, height);
  context.globalAlpha = 1;
}

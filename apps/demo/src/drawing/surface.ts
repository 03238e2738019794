// What drawing functions draw on: a canvas whose pixels are the screen's.

/** A canvas to draw on. */
export interface Surface {
  readonly context: CanvasRenderingContext2D;
  /** Pixels of the screen. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the screen in a CSS pixel. */
  readonly ratio: number;
}

/** Where something is drawn, in pixels of the screen. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The largest box of an aspect ratio in the middle of a surface. */
export function fitBox(
  { width, height }: Pick<Surface, "width" | "height">,
  content: { readonly width: number; readonly height: number },
): Box {
  const scale = Math.min(width / content.width, height / content.height);
  const [fittedWidth, fittedHeight] = [content.width * scale, content.height * scale].map(
    Math.round,
  ) as [number, number];
  return {
    left: Math.round((width - fittedWidth) / 2),
    top: Math.round((height - fittedHeight) / 2),
    width: fittedWidth,
    height: fittedHeight,
  };
}

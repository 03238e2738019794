// How much of a picture is kept for drawing.

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Longer side, in pixels. */
const PREVIEW_SIDE = 1024;

/** The size of a picture's preview: its own, or smaller. */
export function previewSize({ width, height }: Size): Size {
  const scale = Math.min(1, PREVIEW_SIDE / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

// A 2-D canvas that gives back what was drawn on it. Some browsers alter what pages read from a canvas, to keep them
// from telling users apart (Brave changes low bits, Firefox with resistFingerprinting gives noise); features of such
// pixels would be wrong without anybody noticing, so that a canvas is tried before it is used.

import { PreprocessError } from "../errors.ts";

const TRIAL_SIDE = 16;

/**
 * The context of a new canvas. What is drawn replaces what was there.
 *
 * @throws PreprocessError `unsupported` where there is no such canvas, or it alters pixels.
 */
export function checkedContext(options: {
  readonly width: number;
  readonly height: number;
  readonly subject: string;
}): OffscreenCanvasRenderingContext2D {
  const { width, height, subject } = options;
  if (!givesBackPixels()) {
    throw new PreprocessError(
      "unsupported",
      `${subject}: expected a canvas to give back the pixels drawn on it, but this browser alters them ` +
        "(a protection against fingerprinting that a user can switch off for a site)",
      { subject },
    );
  }
  const context = contextOf(width, height);
  if (context === null) {
    throw new PreprocessError(
      "unsupported",
      `${subject}: expected a 2-D canvas of ${width}x${height} pixels, but this browser made none`,
      { subject },
    );
  }
  context.imageSmoothingEnabled = false;
  context.globalCompositeOperation = "copy";
  return context;
}

/** True where the pixels are what they were; also for no canvas at all, about which the caller will hear. */
function givesBackPixels(): boolean {
  const context = contextOf(TRIAL_SIDE, TRIAL_SIDE);
  if (context === null) return true;
  const trial = new ImageData(TRIAL_SIDE, TRIAL_SIDE);
  // Opaque, with many colours: where there is only one, nothing is altered.
  for (let i = 0; i < trial.data.length; i++) {
    trial.data[i] = i % 4 === 3 ? 255 : Math.imul(i, 2_654_435_761) >>> 24;
  }
  context.putImageData(trial, 0, 0);
  const { data } = context.getImageData(0, 0, TRIAL_SIDE, TRIAL_SIDE);
  return trial.data.every((sample, i) => sample === data[i]);
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D | null {
  return new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
}

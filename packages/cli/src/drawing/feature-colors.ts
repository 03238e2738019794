// Patch features as a picture: the first three principal components become red, green and blue, one pixel a patch.
// Each component is stretched from its 1st to its 99th percentile, so that a few extreme patches do not leave the
// rest gray.

import type { RgbImage } from "@internvit/preprocess";

import { principalComponents } from "./principal-components.ts";

const LOW = 0.01;
const HIGH = 0.99;

/** Patch tokens of one picture, row-major. */
export interface PatchFeatures {
  /** [gridHeight * gridWidth, hidden] without the class token. */
  readonly data: Float32Array;
  readonly gridHeight: number;
  readonly gridWidth: number;
}

/** Colours of the patches and how much of their variance the three components show, 0 to 1. */
export interface FeatureColors {
  readonly image: RgbImage;
  readonly share: number;
}

/** The patches as colours, one pixel each. */
export function colorFeatures({ data, gridHeight, gridWidth }: PatchFeatures): FeatureColors {
  const rows = gridHeight * gridWidth;
  const observations = { data, rows, columns: data.length / rows };
  const components = principalComponents(observations, { count: 3 });
  const colors = new Uint8Array(rows * 3);
  for (const [channel, { scores }] of components.entries()) {
    const sorted = scores.toSorted();
    const low = percentile(sorted, LOW);
    const range = percentile(sorted, HIGH) - low;
    for (const [row, score] of scores.entries()) {
      const level = range > 0 ? (score - low) / range : 0.5;
      colors[row * 3 + channel] = Math.round(255 * Math.min(Math.max(level, 0), 1));
    }
  }
  return {
    image: { width: gridWidth, height: gridHeight, data: colors },
    share: components.reduce((sum, { share }) => sum + share, 0),
  };
}

/** Linear between the two nearest values. */
function percentile(sorted: Float64Array, fraction: number): number {
  const place = fraction * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? 0;
  const high = sorted[below + 1] ?? low;
  return low + (high - low) * (place - below);
}

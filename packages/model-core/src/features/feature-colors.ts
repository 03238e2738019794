// Patch features as a picture: the first three principal components become red, green and blue, one pixel a patch.
// Each component is stretched from its 1st to its 99th percentile, so that a few extreme patches do not leave the
// rest gray. Directions and stretches are a palette: fitted on some pictures and kept, it gives patches that are
// alike the same colour in every picture.

import { ModelError } from "../errors.ts";
import { hiddenSizeOf, type PatchFeatures } from "./patch-features.ts";
import {
  fitPrincipalBasis,
  type Observations,
  type PrincipalBasis,
  projectRows,
} from "./principal-components.ts";

const LOW = 0.01;
const HIGH = 0.99;

/** How features become colours. */
export interface FeaturePalette {
  /** Three axes: red, green and blue. */
  readonly basis: PrincipalBasis;
  /** By axis: the scores that become 0 and 255. */
  readonly ranges: readonly { readonly low: number; readonly high: number }[];
  /** How much of the variance of the patches that it was fitted on the three axes show, 0 to 1. */
  readonly share: number;
}

/** One pixel for each patch, 8-bit RGB: `[height, width, 3]`. */
export interface ColorImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Colours of the patches and how much of their variance the three components show, 0 to 1. */
export interface FeatureColors {
  readonly image: ColorImage;
  readonly share: number;
}

/** The patches as colours of a palette of their own, one pixel each. */
export function colorFeatures(features: PatchFeatures): FeatureColors {
  const palette = fitFeaturePalette([features]);
  return { image: paintFeatures(features, palette), share: palette.share };
}

/**
 * The palette of all patches of some pictures together.
 *
 * @throws ModelError `invalid-argument` without pictures, `mismatch` when their features have different widths.
 */
export function fitFeaturePalette(pictures: readonly PatchFeatures[]): FeaturePalette {
  const observations = joinRows(pictures);
  const basis = fitPrincipalBasis(observations, { count: 3 });
  const ranges = projectRows(observations, basis).map((scores) => {
    const sorted = scores.toSorted();
    return { low: percentile(sorted, LOW), high: percentile(sorted, HIGH) };
  });
  return { basis, ranges, share: basis.axes.reduce((sum, { share }) => sum + share, 0) };
}

/**
 * The patches in a palette's colours, one pixel each.
 *
 * @throws ModelError `mismatch` when the palette is of features of another width.
 */
export function paintFeatures(features: PatchFeatures, palette: FeaturePalette): ColorImage {
  const { gridHeight, gridWidth } = features;
  const { basis, ranges } = palette;
  const observations = rowsOf(features);
  checkWidth(observations.columns, basis.mean.length);
  const { rows } = observations;
  const data = new Uint8Array(rows * 3);
  for (const [channel, scores] of projectRows(observations, basis).entries()) {
    const { low, high } = ranges[channel]!;
    for (const [row, score] of scores.entries()) {
      const level = high > low ? (score - low) / (high - low) : 0.5;
      data[row * 3 + channel] = Math.round(255 * Math.min(Math.max(level, 0), 1));
    }
  }
  return { width: gridWidth, height: gridHeight, data };
}

function rowsOf(features: PatchFeatures): Observations {
  const { data, gridHeight, gridWidth } = features;
  return { data, rows: gridHeight * gridWidth, columns: hiddenSizeOf(features) };
}

function joinRows(pictures: readonly PatchFeatures[]): Observations {
  const [first, ...others] = pictures;
  if (first === undefined) {
    throw new ModelError("invalid-argument", "a palette needs features of one picture at least");
  }
  const columns = hiddenSizeOf(first);
  if (others.length === 0) return rowsOf(first);
  for (const other of others) checkWidth(hiddenSizeOf(other), columns);
  const data = new Float32Array(pictures.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const picture of pictures) {
    data.set(picture.data, at);
    at += picture.data.length;
  }
  return { data, rows: data.length / columns, columns };
}

function checkWidth(found: number, expected: number): void {
  if (found === expected) return;
  throw new ModelError(
    "mismatch",
    `expected features of ${expected} numbers a patch, found ${found}: they are of another model`,
  );
}

/** Linear between the two nearest values. */
function percentile(sorted: Float64Array, fraction: number): number {
  const place = fraction * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? 0;
  const high = sorted[below + 1] ?? low;
  return low + (high - low) * (place - below);
}

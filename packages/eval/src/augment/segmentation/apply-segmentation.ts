// Makes drawn training samples: picture and labels resized and cropped in one (what the crop drops is never computed),
// mirrored, recoloured; then, as a batch, normalised and padded.

import type { PixelNormalization, Tensor } from "@internvit/model-core";
import { type RgbImage, toPixelValues } from "@internvit/preprocess";

import { EvalError } from "../../errors.ts";
import { mirrorLabels, mirrorPixels } from "../flip.ts";
import { applyDistortion } from "./distortion.ts";
import type { SegmentationDraw } from "./draw-segmentation.ts";
import { IGNORED_LABEL, type LabelMap, resizeLabel } from "./label-map.ts";
import { resizeBilinear } from "./resize-bilinear.ts";

/** A picture with a class for every pixel; both have one size. */
export interface SegmentationSample {
  readonly image: RgbImage;
  readonly label: LabelMap;
}

/** ImageNet's mean and standard deviation in bytes, as MMSegmentation's configurations state them. */
export const SEGMENTATION_NORMALIZATION: PixelNormalization = {
  rescaleFactor: 1,
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
};

/**
 * The sample that was drawn, still in bytes: a new picture and new labels of the drawn window's size.
 *
 * @throws EvalError `invalid-data` for labels of another size than the picture
 */
export function applySegmentation(
  sample: SegmentationSample,
  draw: SegmentationDraw,
): SegmentationSample {
  assertSameSize(sample);
  const { size, window, flip, distortion } = draw;
  const image = resizeBilinear(sample.image, { ...size, window });
  const label = resizeLabel(sample.label, { ...size, window });
  if (flip) {
    mirrorPixels(image.data, window.width);
    mirrorLabels(label.data, window.width);
  }
  return { image: distortion.length === 0 ? image : applyDistortion(image, distortion), label };
}

/**
 * A batch of samples: `pixelValues` float32 `[batch, 3, size, size]`, normalised, and `labels` uint8 `[batch, size,
 * size]`. What a smaller sample leaves free, to the right and below, is 0 after normalisation (the mean colour) and
 * `IGNORED_LABEL`.
 *
 * @throws EvalError `invalid-data` for a sample larger than `size` or with labels of another size, `invalid-argument`
 * for memory of another length
 */
export function packSegmentation(
  samples: readonly SegmentationSample[],
  options: {
    /** Pixels per edge. Default 504. */
    readonly size?: number;
    /** Default `SEGMENTATION_NORMALIZATION`. */
    readonly normalization?: PixelNormalization;
    /** Where the floats go, `batch * 3 * size * size`. Default: new memory. */
    readonly pixelValues?: Float32Array<ArrayBuffer>;
    /** Where the labels go, `batch * size * size`. Default: new memory. */
    readonly labels?: Uint8Array<ArrayBuffer>;
  } = {},
): { readonly pixelValues: Tensor<"float32">; readonly labels: Tensor<"uint8"> } {
  const { size = 504, normalization = SEGMENTATION_NORMALIZATION } = options;
  const plane = size * size;
  const batch = samples.length;
  const {
    pixelValues = new Float32Array(batch * 3 * plane),
    labels = new Uint8Array(batch * plane),
  } = options;
  if (pixelValues.length !== batch * 3 * plane || labels.length !== batch * plane) {
    throw new EvalError(
      "invalid-argument",
      `${batch} samples of ${size}x${size} give ${batch * 3 * plane} floats and ${batch * plane} labels, ` +
        `but there is room for ${pixelValues.length} and ${labels.length}`,
    );
  }
  for (const [index, sample] of samples.entries()) {
    assertSameSize(sample);
    const values = pixelValues.subarray(index * 3 * plane, (index + 1) * 3 * plane);
    placePixels(sample.image, { values, size, normalization });
    placeLabels(sample.label, {
      labels: labels.subarray(index * plane, (index + 1) * plane),
      size,
    });
  }
  return {
    pixelValues: { dtype: "float32", shape: [batch, 3, size, size], data: pixelValues },
    labels: { dtype: "uint8", shape: [batch, size, size], data: labels },
  };
}

function placePixels(
  image: RgbImage,
  place: {
    readonly values: Float32Array<ArrayBuffer>;
    readonly size: number;
    readonly normalization: PixelNormalization;
  },
): void {
  const { values, size, normalization } = place;
  const { width, height } = image;
  if (width > size || height > size) {
    throw new EvalError(
      "invalid-data",
      `a sample of a ${size}x${size} batch: expected at most that, got ${width}x${height}`,
    );
  }
  if (width === size && height === size) {
    toPixelValues([image], normalization, { data: values });
    return;
  }
  const { data } = toPixelValues([image], normalization);
  values.fill(0);
  for (let row = 0; row < 3 * height; row++) {
    const target = (Math.floor(row / height) * size + (row % height)) * size;
    values.set(data.subarray(row * width, (row + 1) * width), target);
  }
}

function placeLabels(
  label: LabelMap,
  { labels, size }: { readonly labels: Uint8Array; readonly size: number },
): void {
  const { width, height, data } = label;
  labels.fill(IGNORED_LABEL);
  for (let y = 0; y < height; y++) labels.set(data.subarray(y * width, (y + 1) * width), y * size);
}

function assertSameSize({ image, label }: SegmentationSample): void {
  if (image.width === label.width && image.height === label.height) return;
  throw new EvalError(
    "invalid-data",
    `a picture of ${image.width}x${image.height} has labels of ${label.width}x${label.height}`,
  );
}

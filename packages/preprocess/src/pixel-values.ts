// Pictures of one size as a batch tensor, either as bytes or normalised.
//
// The float arithmetic is that of transformers' CLIPImageProcessor with its Pillow backend: the sample times the
// rescale factor in float64, rounded to float32; then minus the mean and divided by the standard deviation, both
// as float32, each operation rounded to float32. A sample has 256 values, so this is a table per channel. (Its
// torchvision backend folds the factor into mean and standard deviation and differs in the last bit.)

import type { PixelNormalization, Tensor } from "@internvit/model-core";

import { PreprocessError } from "./errors.ts";
import { assertRgbImage, type RgbImage } from "./image.ts";
import { sharedNormalize } from "./normalize-pixels.ts";

/**
 * The pictures as bytes, `[images, height, width, 3]`. The data is a copy.
 *
 * @throws PreprocessError `invalid-argument` when there is no picture or sizes differ.
 */
export function packPixels(images: readonly RgbImage[]): Tensor<"uint8"> {
  const { width, height } = commonSize(images);
  const data = new Uint8Array(images.length * height * width * 3);
  for (const [index, image] of images.entries()) data.set(image.data, index * height * width * 3);
  return { dtype: "uint8", shape: [images.length, height, width, 3], data };
}

/**
 * The pictures as the encoder's input, `[images, 3, height, width]`.
 *
 * @throws PreprocessError `invalid-argument` when there is no picture, sizes differ or `data` has another length.
 */
export function toPixelValues(
  images: readonly RgbImage[],
  normalization: PixelNormalization,
  options: {
    /** Where the floats go and what the tensor then holds: `images * 3 * height * width`. Default: new memory. */
    readonly data?: Float32Array<ArrayBuffer>;
  } = {},
): Tensor<"float32"> {
  const { width, height } = commonSize(images);
  const length = 3 * height * width;
  const { data = new Float32Array(images.length * length) } = options;
  if (data.length !== images.length * length) {
    throw new PreprocessError(
      "invalid-argument",
      `${images.length} images of ${width}x${height} give ${images.length * length} floats, ` +
        `but data has room for ${data.length}`,
    );
  }
  const tables = normalizationTables(normalization);
  const normalize = sharedNormalize();
  for (const [index, image] of images.entries()) {
    const target = data.subarray(index * length, (index + 1) * length);
    normalize({ source: image.data, target, tables });
  }
  return { dtype: "float32", shape: [images.length, 3, height, width], data };
}

/** `[3, 256]`: the normalised value of every sample. */
function normalizationTables(normalization: PixelNormalization): Float32Array {
  const { rescaleFactor = 1 / 255, mean, std } = normalization;
  const table = new Float32Array(3 * 256);
  for (let channel = 0; channel < 3; channel++) {
    const channelMean = Math.fround(mean[channel]!);
    const channelStd = Math.fround(std[channel]!);
    for (let sample = 0; sample < 256; sample++) {
      const centered = Math.fround(Math.fround(sample * rescaleFactor) - channelMean);
      // The quotient of two float32 in float64, rounded to float32, is the float32 quotient.
      table[channel * 256 + sample] = centered / channelStd;
    }
  }
  return table;
}

function commonSize(images: readonly RgbImage[]): { width: number; height: number } {
  const first = images[0];
  if (first === undefined) {
    throw new PreprocessError("invalid-argument", "a batch needs at least one image, got none");
  }
  for (const [index, image] of images.entries()) {
    assertRgbImage(image);
    if (image.width !== first.width || image.height !== first.height) {
      throw new PreprocessError(
        "invalid-argument",
        `the images of a batch have one size, but image 0 is ${first.width}x${first.height} ` +
          `and image ${index} is ${image.width}x${image.height}`,
      );
    }
  }
  return { width: first.width, height: first.height };
}

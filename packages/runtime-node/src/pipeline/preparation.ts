// How a picture becomes the encoder's input: which of the two ways, at which size, normalised how. Decided once from
// the checkpoint's preprocessor_config.json and the options; then the same for every picture.

import type { InputSize, PixelNormalization } from "@internvit/model-core";
import {
  clipCrop,
  IMAGENET_NORMALIZATION,
  type ImageProcessorConfig,
  normalizationOf,
  PreprocessError,
  type RgbImage,
  squareResize,
} from "@internvit/preprocess";

/** The two ways: shortest edge and centre crop, or the whole picture squashed to a square. */
export const PREPARATION_MODES: readonly ["clip", "square"] = ["clip", "square"];

/** One of the two ways. */
export type PreparationMode = (typeof PREPARATION_MODES)[number];

/** What is done to every picture. */
export type Preparation = {
  /** Size of the result in pixels. */
  readonly size: InputSize;
  readonly normalization: PixelNormalization;
} & (
  | { readonly mode: "clip"; readonly config: ImageProcessorConfig }
  | { readonly mode: "square"; readonly side: number }
);

/** Options of `planPreparation`. */
export interface PlanOptions {
  /** Default `"clip"`. */
  readonly mode?: PreparationMode;
  /** Pixels per side instead of the config's crop size and shortest edge. */
  readonly imageSize?: number | undefined;
  /** Pixels per side where neither `imageSize` nor a config says a size. */
  readonly defaultSize: number;
}

/**
 * What a config, or the published constants where there is none, makes of pictures.
 *
 * @throws PreprocessError `unsupported` when the results would not all be of one size.
 */
export function planPreparation(
  config: ImageProcessorConfig | undefined,
  { mode = "clip", imageSize, defaultSize }: PlanOptions,
): Preparation {
  const sized = imageSize === undefined ? config : withImageSize(config, imageSize);
  const normalization = sized === undefined ? IMAGENET_NORMALIZATION : normalizationOf(sized);
  if (mode === "square") {
    const side = imageSize ?? (sized === undefined ? defaultSize : squareSide(sized));
    return { mode, side, size: { height: side, width: side }, normalization };
  }
  const clip = sized ?? publishedConfig(imageSize ?? defaultSize);
  return { mode, config: clip, size: resultSize(clip), normalization };
}

/** The encoder's input, as bytes. */
export function preparePicture(image: RgbImage, preparation: Preparation): RgbImage {
  return preparation.mode === "clip"
    ? clipCrop(image, preparation.config)
    : squareResize(image, { size: preparation.side });
}

/** What every published InternViT says in its preprocessor_config.json. */
function publishedConfig(side: number): ImageProcessorConfig {
  return {
    doResize: true,
    size: { shortestEdge: side },
    resample: "bicubic",
    doCenterCrop: true,
    cropSize: { height: side, width: side },
    doRescale: true,
    rescaleFactor: 1 / 255,
    doNormalize: true,
    imageMean: IMAGENET_NORMALIZATION.mean,
    imageStd: IMAGENET_NORMALIZATION.std,
  };
}

function withImageSize(
  config: ImageProcessorConfig | undefined,
  side: number,
): ImageProcessorConfig | undefined {
  if (config === undefined) return undefined;
  return {
    ...config,
    doResize: true,
    size: { shortestEdge: side },
    doCenterCrop: true,
    cropSize: { height: side, width: side },
  };
}

function resultSize(config: ImageProcessorConfig): InputSize {
  if (config.doCenterCrop) return config.cropSize;
  if (config.doResize && "width" in config.size) return config.size;
  throw new PreprocessError(
    "unsupported",
    "the image processor's config neither crops nor resizes to one size, so pictures would differ in size; say one with --image-size, or use the square mode",
  );
}

function squareSide(config: ImageProcessorConfig): number {
  const { height, width } = resultSize(config);
  if (height === width) return width;
  throw new PreprocessError(
    "unsupported",
    `the square mode needs one side, but the image processor's config makes ${width}x${height} pixels; say one with --image-size`,
  );
}

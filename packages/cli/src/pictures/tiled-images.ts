// Image files as visual input.

import {
  type ImageSize,
  planImages,
  type VisualPlan,
  type VisualPlanOptions,
} from "@internvit/model-core";
import {
  IMAGENET_NORMALIZATION,
  padToSquare,
  type RgbImage,
  tilePixels,
} from "@internvit/preprocess";
import { decodeImage } from "@internvit/preprocess/sharp";

import { planFacts } from "./plan-facts.ts";
import type { DecodeLimits } from "./prepare-pictures.ts";
import type { VisualInput } from "./visual-input.ts";

/** Options of `tiledImages`. */
export interface TiledImagesOptions extends DecodeLimits {
  readonly planning: VisualPlanOptions & { readonly tileSize: number };
  /** Whether pictures are padded to a square with the mean colour first. */
  readonly padToSquare: boolean;
  readonly signal: AbortSignal;
}

/**
 * Reads the sizes of the pictures, and thereby that each can be decoded, before anything slow begins.
 *
 * @throws PreprocessError for the first picture that cannot be used.
 */
export async function tiledImages(
  files: readonly string[],
  options: TiledImagesOptions,
): Promise<VisualInput> {
  const { planning, orientation } = options;
  const sizes: ImageSize[] = [];
  for (const file of files) {
    // Decoded again later: decoding takes a hundredth of encoding, and all decoded pictures may not fit in memory.
    const { width, height } = await readPicture(file, options);
    sizes.push({ width, height });
  }
  const plan = planImages(sizes, planning);
  return {
    tileSize: planning.tileSize,
    tileCount: plan.tileCount,
    normalization: IMAGENET_NORMALIZATION,
    plan,
    pictures: plan.pictures.map((picture, index) => ({
      label: files[index] as string,
      tiles: picture.plan.tileCount,
      facts: planFacts(picture.plan),
    })),
    facts: { preprocess: "tiles", filter: "bicubic", orientation, ...ruleFacts(options) },
    pixels: () => pixelsOf(files, plan, options),
    async [Symbol.asyncDispose]() {},
  };
}

async function* pixelsOf(
  files: readonly string[],
  plan: VisualPlan,
  options: TiledImagesOptions,
): ReturnType<VisualInput["pixels"]> {
  for (const [index, picture] of plan.pictures.entries()) {
    const image = await readPicture(files[index] as string, options);
    yield { index, pixels: tilePixels(image, picture.plan) };
  }
}

async function readPicture(file: string, options: TiledImagesOptions): Promise<RgbImage> {
  const { orientation, maxPixels, maxSide, signal } = options;
  const { image } = await decodeImage(file, {
    orientation,
    signal,
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(maxSide === undefined ? {} : { maxSide }),
  });
  const { mean } = IMAGENET_NORMALIZATION;
  return options.padToSquare ? padToSquare(image, { mean }) : image;
}

function ruleFacts({ planning, padToSquare: pad }: TiledImagesOptions): VisualInput["facts"] {
  const { tileSize, minTiles = 1, maxTiles = 12, useThumbnail = true, tileBudget } = planning;
  return {
    tiling: {
      tile_size: tileSize,
      min_tiles: minTiles,
      max_tiles: maxTiles,
      use_thumbnail: useThumbnail,
      tile_budget: tileBudget ?? "shared",
      pad_to_square: pad,
    },
  };
}

// What InternVL's training does to each tile that evaluation does not (`build_transform` with augmentation): one trip
// through JPEG at a quality drawn from the 26 whole numbers 75 to 100, each tile its own, the thumbnail included. No
// flip, no crop, no colour. Resizing to the tile's size follows (tiles of a plan have it already), then
// normalisation, as in evaluation. Data sets of video and text are not augmented.
//
// Deviation: qualities come from a generator keyed by seed, sample and tile, not from the process's own, so that they
// do not depend on which worker prepares which sample. JPEG itself is a parameter: `reencodeJpeg` of ./sharp in Node.

import { createRandom } from "@internvit/model-core";

import { squareResize } from "./clip.ts";
import type { RgbImage } from "./image.ts";

/** The lowest and the highest quality that training draws. */
const QUALITIES = { lowest: 75, highest: 100 } as const;

/** How tiles are augmented. */
export interface TrainingTransformOptions {
  /** Seed of the whole training run: a whole number, 0 or more. */
  readonly seed: number;
  /** The sample's number in the run, below 2^32: every sample, and every visit of it, has its own. */
  readonly sample: number;
  /** Pixels per edge of the results. Default 448. */
  readonly tileSize?: number;
  /** Compresses a picture and opens it again, as Pillow would with its defaults. */
  readonly reencodeJpeg: (
    image: RgbImage,
    options: { readonly quality: number },
  ) => Promise<RgbImage>;
}

/**
 * The tiles of one sample as training sees them, in their order: the same for the same seed and sample on any machine.
 *
 * @throws ModelError `invalid-argument` for a seed or sample that is not a whole number in its range.
 */
export async function transformForTraining(
  tiles: readonly RgbImage[],
  options: TrainingTransformOptions,
): Promise<RgbImage[]> {
  const { seed, sample, tileSize = 448, reencodeJpeg } = options;
  return Promise.all(
    tiles.map(async (tile, index) => {
      const quality = jpegQuality({ seed, sample, tile: index });
      const reencoded = await reencodeJpeg(tile, { quality });
      const { width, height } = reencoded;
      return width === tileSize && height === tileSize
        ? reencoded
        : squareResize(reencoded, { size: tileSize });
    }),
  );
}

/**
 * The quality that training draws for one tile: 75 to 100, each equally likely.
 *
 * @throws ModelError `invalid-argument`
 */
export function jpegQuality(draw: {
  readonly seed: number;
  readonly sample: number;
  /** The tile's position among the sample's tiles. */
  readonly tile: number;
}): number {
  const random = createRandom(draw.seed, [draw.sample, draw.tile]);
  return random.integer(QUALITIES.lowest, QUALITIES.highest);
}
